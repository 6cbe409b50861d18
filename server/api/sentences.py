"""What a person reads when a request is refused: one sentence per code that says what to do.

The web app shows these as they are, so they follow the vocabulary of the screens.
"""

from typing import Final, NamedTuple

from server.refusals import Code, Refusal


class Sentence(NamedTuple):
    """The HTTP status of a code, its title and its detail in English and 简体中文."""

    status: int
    title: str
    detail: str
    title_zh: str
    detail_zh: str


SENTENCES: Final[dict[Code, Sentence]] = {
    Code.MALFORMED: Sentence(
        400, "Not readable", "The body is not readable JSON: {reason}.",
        "无法读取", "内容不是可读取的 JSON：{reason}。",
    ),
    Code.INVALID: Sentence(
        400, "Not valid", "Something in the request is not as documented: {reason}.",
        "内容有误", "请求内容不符合接口说明：{reason}。",
    ),
    Code.QUERY_UNKNOWN: Sentence(
        400, "Unknown parameter",
        "There is no query parameter {name} here. This address knows: {known}.",
        "未知参数", "该地址没有查询参数 {name}，可用的参数：{known}。",
    ),
    Code.TOO_LARGE: Sentence(
        413, "Too large", "The request is too large. Send less at once.",
        "内容过大", "请求内容过大，请分批发送。",
    ),
    Code.NOT_GZIP: Sentence(
        400, "Not gzip", "The body is not whole gzip, though it says so. Send it again.",
        "压缩内容有误", "内容标明是 gzip，但无法解压或不完整，请重新发送。",
    ),
    Code.MEDIA_TYPE: Sentence(
        415, "Unknown encoding", "Send JSON, plain or with Content-Encoding: gzip.",
        "不支持的编码", "请发送 JSON，可用 gzip 压缩。",
    ),
    Code.NOT_FOUND: Sentence(
        404, "Not found", "There is nothing with this address or number. Check it and try again.",
        "未找到", "没有这个地址或编号，请核对后重试。",
    ),
    Code.METHOD: Sentence(
        405, "Not possible", "This address does not take this kind of request.",
        "不支持", "该地址不支持这种请求。",
    ),
    Code.DEVICE_UNKNOWN: Sentence(
        401, "Device not enrolled",
        "This device is not enrolled here. Its records stay on it. Ask a supervisor for a code.",
        "设备未绑定", "本设备尚未绑定，记录仍保存在本机，请向主管索取绑定码。",
    ),
    Code.DEVICE_REVOKED: Sentence(
        403, "Device revoked",
        "This device was revoked. What it has not sent is still accepted, for review. "
        "Ask a supervisor to enrol it again.",
        "设备已停用", "本设备已停用，未上传的记录仍会接收并待核实。请主管重新绑定。",
    ),
    Code.OTHER_SITE: Sentence(
        403, "Other site", "This device belongs to the site {own}, not to {asked}.",
        "厂区不符", "本设备属于厂区 {own}，不属于 {asked}。",
    ),
    Code.OTHER_DEVICE: Sentence(
        403, "Other device", "These numbers belong to another device.",
        "设备不符", "这些编号属于其他设备。",
    ),
    Code.RESCUE_UNSIGNED: Sentence(
        403, "Rescue not signed",
        "Nothing proves that these records are of the device that is named. "
        "Make the rescue again there; else they go to the supervisors, for review.",
        "救援数据无签名",
        "无法证明这些记录来自所写的设备。请在原设备上重新导出；否则将交主管核实。",
    ),
    Code.SITE_UNKNOWN: Sentence(
        404, "Site unknown", "There is no site {site} here. Add it with: bincard site add.",
        "厂区不存在", "没有厂区 {site}，请先用 bincard site add 添加。",
    ),
    Code.SIGN_IN: Sentence(
        401, "Sign in", "Sign in with your badge or number and your PIN.",
        "请登录", "请用工牌或工号加 PIN 码登录。",
    ),
    Code.SUPERVISOR_ONLY: Sentence(
        403, "Supervisor only", "Only a supervisor may do this. Ask one to sign in.",
        "仅限主管", "只有主管可以执行，请主管登录。",
    ),
    Code.CODE_INVALID: Sentence(
        403, "Code not valid",
        "This code is wrong, was used, or is older than 15 minutes. Ask for a new one.",
        "绑定码无效", "绑定码有误、已被使用或超过 15 分钟，请重新索取。",
    ),
    Code.PIN_WRONG: Sentence(
        401, "Wrong badge or PIN", "Badge, number or PIN is wrong. Tries left: {left}.",
        "工牌或 PIN 码有误", "工牌、工号或 PIN 码有误，还可尝试 {left} 次。",
    ),
    Code.PIN_WEAK: Sentence(
        400, "PIN too simple",
        "Use 4 to 12 digits that nobody would try: no date, no row of keys, nothing repeated.",
        "PIN 码过于简单", "请用 4 至 12 位不易猜的数字：不要用日期、键盘连线或重复数字。",
    ),
    Code.PIN_SHORT: Sentence(
        400, "PIN too short", "Who may decide needs a PIN of at least {digits} digits.",
        "PIN 码太短", "有审核权限的人员，PIN 码至少 {digits} 位。",
    ),
    Code.PIN_RENEW: Sentence(
        403, "New PIN needed",
        "This PIN is no longer enough for who may decide. Choose a new one of at least {digits} "
        "digits here, or ask whoever looks after the server for: bincard user pin.",
        "须换新 PIN 码", "有审核权限的人员不能再用此 PIN 码。请在此设置至少 {digits} 位的新码，"
        "或请服务器管理员执行 bincard user pin。",
    ),
    Code.PIN_OF_WORKER: Sentence(
        400, "New PIN needed",
        "Who becomes a supervisor needs a new PIN: the old one can be checked on every handheld.",
        "须换新 PIN 码", "升为主管必须设置新的 PIN 码：旧码在每台手持机上都可校验。",
    ),
    Code.PIN_MISSING: Sentence(
        400, "PIN missing", "A new person needs a PIN.", "缺少 PIN 码", "新增人员必须设置 PIN 码。",
    ),
    Code.LOCKED: Sentence(
        429, "Locked", "Too many wrong PINs. Try again in {minutes} min, or ask a supervisor.",
        "已锁定", "PIN 码输错次数过多，请 {minutes} 分钟后再试，或联系主管。",
    ),
    Code.TOO_MANY: Sentence(
        429, "Too many tries", "Too many requests from here. Wait {seconds} s.",
        "请求过多", "请求过于频繁，请等待 {seconds} 秒。",
    ),
    Code.BADGE_TAKEN: Sentence(
        409, "Badge taken", "Somebody else has the badge or number {badge}. Use another.",
        "工牌已占用", "工牌或工号 {badge} 已属于他人，请换一个。",
    ),
    Code.PERSON_UNKNOWN: Sentence(
        404, "Person unknown", "There is no person {person} here. Check the number.",
        "人员不存在", "没有工号 {person}，请核对。",
    ),
    Code.LAST_SUPERVISOR: Sentence(
        409, "Last supervisor", "A site needs one supervisor. Make somebody else one first.",
        "最后一位主管", "厂区至少要有一位主管，请先指定其他主管。",
    ),
    Code.DOCUMENT_EXISTS: Sentence(
        409, "Number taken", "There already is a document {document}. Use another number.",
        "单据号已存在", "单据 {document} 已存在，请换一个单据号。",
    ),
    Code.KEY_USED: Sentence(
        409, "Key used",
        "This Idempotency-Key was sent before with another content, for document {document}. "
        "Use a new key for a new request.",
        "幂等键已使用", "该 Idempotency-Key 已用于其他内容（单据 {document}），新请求请换一个键。",
    ),
    Code.NAME_UNREADABLE: Sentence(
        400, "Number does not scan",
        "A scanner would read {name} as {scanned}. Write it that way.",
        "编号无法扫描", "编号 {name} 扫描后会读成 {scanned}，请按扫描结果填写。",
    ),
    Code.ITEM_UNKNOWN: Sentence(
        400, "Item unknown", "There is no item {item} here. Check the code or import it first.",
        "物料不存在", "没有物料 {item}，请核对编码或先导入。",
    ),
    Code.PARTNER_UNKNOWN: Sentence(
        400, "Partner unknown", "There is no {kind} {partner} here. Check it or import it first.",
        "往来单位不存在", "没有往来单位 {partner}，请核对或先导入。",
    ),
    Code.PLACE_UNKNOWN: Sentence(
        400, "Location unknown", "There is no location {place} here. Check the code.",
        "库位不存在", "没有库位 {place}，请核对编码。",
    ),
    Code.LINES_MISSING: Sentence(
        400, "Lines missing", "A document needs at least one line.",
        "缺少明细", "单据至少要有一条明细行。",
    ),
    Code.LINE_INCOMPLETE: Sentence(
        400, "Line incomplete", "Line {line} needs {missing}.",
        "明细行不完整", "第 {line} 行缺少 {missing}。",
    ),
    Code.BUSY: Sentence(
        503, "Busy", "The server is busy. The device keeps its records and tries again by itself.",
        "服务器繁忙", "服务器繁忙，记录保存在本机，会自动重试。",
    ),
    Code.STORAGE_FULL: Sentence(
        503, "Server disk full",
        "The server's disk is full, so nothing was recorded there. The device keeps its records "
        "and sends them again. Tell whoever looks after the server to free some space.",
        "服务器磁盘已满", "服务器磁盘已满，未能入账。记录仍保存在本机并会自动重发，"
        "请通知服务器管理员清理空间。",
    ),
    Code.CLOCK_BEHIND: Sentence(
        503, "Server clock behind",
        "The server's clock stands {hours} h behind what is possible, so nothing is recorded "
        "there. The device keeps its records and sends them again. Whoever looks after the server: "
        "set its clock; if it is right as it is, run: bincard clock accept.",
        "服务器时钟落后", "服务器时钟比可能的时间落后 {hours} 小时，暂停入账。记录仍保存在本机并会"
        "自动重发。请服务器管理员校准时钟；若时钟无误，请运行 bincard clock accept。",
    ),
    Code.CLOCK_AHEAD: Sentence(
        503, "Server clock ahead",
        "The server's clock stands {hours} h ahead of what is plausible, so nothing is recorded "
        "there. The device keeps its records and sends them again. Whoever looks after the server: "
        "set its clock; if it is right as it is, run: bincard clock accept.",
        "服务器时钟超前", "服务器时钟比可信的时间超前 {hours} 小时，暂停入账。记录仍保存在本机并会"
        "自动重发。请服务器管理员校准时钟；若时钟无误，请运行 bincard clock accept。",
    ),
    Code.STOPPING: Sentence(
        503, "Stopping", "The server was told to stop. It finishes what it has begun.",
        "正在停止", "服务器正在停止，会先完成已开始的处理。",
    ),
    Code.DATABASE_SILENT: Sentence(
        503, "Database silent", "The database does not answer. Look whether it runs.",
        "数据库无响应", "数据库没有响应，请检查其是否正在运行。",
    ),
    Code.TABLES_OTHER: Sentence(
        503, "Other tables",
        "The database's tables are not those of this program. "
        "Install the newest one everywhere, then run: bincard migrate.",
        "数据库版本不符", "数据库版本与程序不符，请全部安装最新版本，再运行 bincard migrate。",
    ),
    Code.WRITER_STUCK: Sentence(
        503, "Writing hangs",
        "Nothing was written for half a minute though something waits. Look at the disk.",
        "写入停滞", "有数据等待写入，但半分钟内没有写入成功，请检查磁盘。",
    ),
    Code.DISK_LOW: Sentence(
        503, "Disk nearly full", "The disk of the data folder is nearly full. Free some space.",
        "磁盘将满", "数据目录所在磁盘空间不足，请清理。",
    ),
    Code.WATCHERS_ONLY: Sentence(
        403, "Not from here",
        "The figures are for this machine alone, or for who shows BINCARD_METRICS_TOKEN.",
        "无权查看", "指标仅供本机查看，或需出示 BINCARD_METRICS_TOKEN。",
    ),
    Code.ABORTED: Sentence(
        400, "Broken off", "The request broke off before it was whole. Send it again.",
        "传输中断", "请求未传完就中断了，请重新发送。",
    ),
    Code.DAY_FULL: Sentence(
        429, "Too much for one day",
        "This device has sent all that one may send in a day ({most} {what}). Its records stay "
        "on it and go on by themselves; the supervisor's desk has been told.",
        "已达当日上限", "本机已达到单日上传上限（{what_zh} {most}）。记录仍保存在本机，"
        "之后会自动继续上传，主管台已收到提示。",
    ),
    Code.DEVICE_CLOSED: Sentence(
        403, "Device closed",
        "This device was revoked, and nothing more is taken from it. Its records stay on it: "
        "bring them to another device as a rescue file.",
        "设备已关闭", "本机已停用，不再接收其记录。记录仍保存在本机，请用救援文件转到其他设备。",
    ),
    Code.BLOCK_UNUSED: Sentence(
        429, "Numbers left",
        "This device was given all the lot numbers that one gets in a day. "
        "It goes on without: such a lot is named by its record.",
        "批号未用完", "本机今天领取的批号已达上限。作业不受影响，这些批次以记录编号命名。",
    ),
    Code.INTERNAL: Sentence(
        500, "Server fault",
        "Something went wrong on the server. The device keeps its records and tries again; "
        "the server's log has the details under {reference}.",
        "服务器出错", "服务器出错，记录保存在本机并会重试；详情见服务器日志 {reference}。",
    ),
}  # fmt: skip


BACKUP_UNPROVED: Final = (
    "The newest copy of the database does not replay. Run: bincard verify, then bincard repair.",
    "最新的数据库副本回放不一致，不算有效备份。请运行 bincard verify，再运行 bincard repair。",
)
"""What a server that can work says all the same, in English and 简体中文."""


CLOCK_STEPPED: Final = (
    "The server's clock is {minutes} min off. Set it; if it is right, run: bincard clock accept.",
    "服务器时钟与可信时间相差 {minutes} 分钟。请校准；若无误，请运行 bincard clock accept。",
)
"""The same of a clock that is off, but not so far that nothing is taken."""


class _Facts(dict[str, object]):
    """A fact that nobody gave leaves a gap in the sentence, never an error in the error."""

    def __missing__(self, key: str) -> str:
        return "?"


def say(refusal: Refusal, *, chinese: bool = False) -> str:
    """Return the sentence of a refusal, with its facts."""
    sentence = SENTENCES[refusal.code]
    return (sentence.detail_zh if chinese else sentence.detail).format_map(_Facts(refusal.facts))

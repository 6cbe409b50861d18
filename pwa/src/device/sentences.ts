/** What the device itself has to say when there is no server to say it, in the worker's language. */
const SENTENCES = {
  unknown_person: {
    en: "Nobody on this device's list has that badge or number. Check it, or sign in once with the network on.",
    zh: "本机名单里没有这个工牌或工号。请核对，或先连网登录一次。",
  },
  wrong_pin: { en: "Wrong PIN. Try again.", zh: "PIN 码不对，请再试一次。" },
  locked: { en: "Too many wrong PINs. Wait {minutes} min.", zh: "PIN 码错误次数过多，请等 {minutes} 分钟。" },
  needs_network: {
    en: "The first sign-in on this device needs the network.",
    zh: "在本机第一次登录需要网络。",
  },
  needs_network_to_decide: {
    en: "A supervisor signs in here with the network first: on each device, and again after a new PIN.",
    zh: "主管在每台设备上第一次登录、或换了 PIN 码之后，都要先连网登录。",
  },
  offline: { en: "No network. Try again when it is back.", zh: "没有网络。恢复后再试。" },
  unsent_first: {
    en: "Something here is not sent yet, or scanned and not used. Send it first (Outbox), or save a rescue; then this device may go to another site.",
    zh: "本机还有未上传的记录或未用的扫描。请先上传（“未上传”页）或导出救援数据，再转到别的厂区。",
  },
  astray: {
    en: "The records on this device are of another site and are not sent here. Save a rescue for that site, or enrol this device there again.",
    zh: "本机记录属于另一个厂区，不会上传到这里。请导出救援数据交给该厂区，或把本机重新绑定到该厂区。",
  },
  not_secure: {
    en: "This address is not secure (https), so nothing can be kept safely. Open Bincard by its https address.",
    zh: "这个地址不安全（不是 https），无法安全保存数据。请用 https 地址打开 Bincard。",
  },
  not_here: {
    en: "That operation is no longer on this device. A supervisor can reverse it at the desk.",
    zh: "这条操作已不在本机上。主管可以在电脑上撤销。",
  },
  second_tab: {
    en: "Bincard is open in another tab. Take over here first.",
    zh: "Bincard 已在另一个标签页打开。请先在此处接管。",
  },
} as const;

export type Sentence = keyof typeof SENTENCES;

export function sentence(name: Sentence, minutes = 0): string {
  return SENTENCES[name][language()].replace("{minutes}", String(minutes));
}

/** The language of the screen, as the page itself says. */
export function language(): "en" | "zh" {
  return typeof document !== "undefined" && document.documentElement.lang.startsWith("zh") ? "zh" : "en";
}

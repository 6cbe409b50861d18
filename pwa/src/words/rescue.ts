/** What the screens say of records that leave a device for another one, and of what a device lost. */
export const rescue = {
  "enrol.lost": {
    en: "This was {name}, until its browser cleared it. What was not sent is reported to the office. Ask for a new code.",
    zh: "本机原来是 {name}，浏览器清除了它的数据。未上传的记录会报告给办公室。请领取新的绑定码。",
  },
  "trust.wrong_pins": { en: "{name}: {n} wrong PINs within a day, at {where}", zh: "{name}：一天内输错 {n} 次，设备：{where}" },
  "trust.consent": { en: "In the name of {name}, whose PIN the server did not see there", zh: "以 {name} 的名义授权，但服务器没有核对过其 PIN 码" },
  "rescue.title": { en: "Rescue", zh: "数据救援" },
  "rescue.this_device": { en: "On this device", zh: "本机" },
  "rescue.nothing": { en: "Nothing here needs a rescue.", zh: "本机没有需要救援的记录。" },
  "rescue.how": {
    en: "If this device cannot send: save a file, or show the codes to another device. The records stay here too.",
    zh: "本机上传不了时：存成文件，或显示二维码让另一台设备扫。本机的记录仍然保留。",
  },
  "rescue.none": {
    en: "Nothing was brought in from another device. Open its file, or scan its codes here in any order.",
    zh: "还没有导入别的设备的记录。打开它的文件，或在这里扫它的二维码，顺序不限。",
  },
  "rescue.save": { en: "Save a file", zh: "存成文件" },
  "rescue.show": { en: "Show codes", zh: "显示二维码" },
  "rescue.open": { en: "Open a file", zh: "打开文件" },
  "rescue.before": { en: "Before", zh: "上一个" },
  "rescue.next": { en: "Next", zh: "下一个" },
  "rescue.pause": { en: "Pause", zh: "暂停" },
  "rescue.run": { en: "One by one", zh: "自动播放" },
  "rescue.part": { en: "{n} of {total}", zh: "第 {n} 个，共 {total} 个" },
  "rescue.scan_there": {
    en: "Open Rescue on the other device and scan every code, in any order.",
    zh: "在另一台设备上打开“数据救援”，把每个码都扫一遍，顺序不限。",
  },
  "rescue.codes_of": { en: "of {n} codes scanned", zh: "个已扫，共 {n} 个码" },
  "rescue.missing": { en: "still missing: {list}", zh: "还缺：{list}" },
  "rescue.brought": { en: "Records brought in: {n}. They are safe here and are sent now.", zh: "已导入 {n} 条记录，已存本机，正在上传。" },
  "rescue.known": { en: "All of it was here already. Nothing counts twice.", zh: "这些记录本机都已有，不会重复记账。" },
  "rescue.state": { en: "Records: {n} · not sent yet: {unsent}", zh: "{n} 条记录，{unsent} 条未上传" },
  "rescue.carries": { en: "Brought in from {name} · not sent yet: {n}", zh: "从 {name} 导入：{n} 条未上传" },
  "rescue.not_a_rescue": { en: "That is not a rescue of Bincard.", zh: "这不是 Bincard 的救援数据。" },
  "rescue.damaged": { en: "It was not read whole. Nothing was brought in; try again.", zh: "数据不完整，没有导入任何内容，请重试。" },
  "rescue.newer": { en: "A newer version of the app made it. Update this device first.", zh: "它由更新的版本生成，请先更新本机。" },
  "rescue.other_site": { en: "It belongs to another site.", zh: "它属于另一个厂区。" },

  "rescue.fork": {
    en: "{name}: two histories under one identity after record {after}; both are kept",
    zh: "{name}：第 {after} 条之后同一身份有两份历史，均已保留",
  },
  "rescue.hole": { en: "{name}: missing {missing}", zh: "{name}：缺第 {missing} 条" },
  "rescue.storage": {
    en: "{name} lost its storage: acknowledged to {acked}, last reported unsent {unsent}, missing {missing}",
    zh: "{name} 存储丢失：已确认到第 {acked} 条，最后报告未上传 {unsent} 条，缺 {missing}",
  },
  "rescue.nothing_missing": { en: "nothing that it knew of", zh: "它记得的都到了" },
} as const;

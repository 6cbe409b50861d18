/** What the screens say of the server's backups, and of the day after a restore. */
export const restore = {
  "restore.sending": {
    en: "The server was restored from a backup. This device sends again what it kept: {left} of {n} left.",
    zh: "服务器已从备份恢复。本机正在重新上传保留的记录：共 {n} 条，还剩 {left} 条。",
  },
  "restore.done": {
    en: "The server was restored from a backup. This device has sent {n} {n|record|records} again. Nothing to do.",
    zh: "服务器已从备份恢复。本机已重新上传 {n} 条记录，无需操作。",
  },
  "restore.backup": { en: "Server backups", zh: "服务器备份" },
  "restore.backup_named": { en: "kept here until two have it", zh: "两份备份都有后才清除" },
  "restore.backup_none": { en: "none on another disk: kept here 30 days", zh: "没有异盘备份，本机保留 30 天" },
  "restore.waiting": { en: "Not heard since: {names}.", zh: "恢复后还没联系上：{names}。" },
  "restore.heard": { en: "Sent everything again: {names}.", zh: "已重新上传：{names}。" },
  "restore.lost": { en: "{n} {n|record|records} that no device has any more.", zh: "{n} 条记录所有设备上都已没有。" },
  "restore.documents": { en: "Make again under the same number: {names}.", zh: "请用原单号重新录入：{names}。" },
  "restore.devices": { en: "Let in again without its name: {names}.", zh: "已重新放行（名称丢失）：{names}。" },
} as const;

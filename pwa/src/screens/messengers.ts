/** Browsers inside messengers: they may throw stored work away, and have no camera for a page. */
const KNOWN = /MicroMessenger|wxwork|DingTalk|\bQQ\/|Feishu|Lark\/|WhatsApp|\bLine\/|FBA[NV]|FB_IAB|Instagram|Messenger|Snapchat|Telegram|Viber|; wv\)/i;

/** `userAgent` as a browser tells it. True for an Android web view of any other app, too. */
export function isMessenger(userAgent: string): boolean {
  return KNOWN.test(userAgent);
}

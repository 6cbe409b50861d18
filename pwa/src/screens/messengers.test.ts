import { describe, expect, it } from "vitest";
import { isMessenger } from "./messengers.ts";

const ANDROID = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";

describe("A browser inside a messenger is told from a browser", () => {
  it.each([
    `${ANDROID} MicroMessenger/8.0.49`, `${IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI`,
    `${ANDROID} DingTalk/7.6.0`, `${ANDROID} wxwork/4.1.22 MicroMessenger/7.0.1`, `${ANDROID} Lark/7.21.5 LarkLocale/zh_CN`,
    `${IPHONE} Mobile/15E148 QQ/9.0.80.601`, `${IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/471.0.0]`,
    "Mozilla/5.0 (Linux; Android 14; SM-A155F Build/UP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/128.0.0.0 Mobile Safari/537.36",
    `${IPHONE} Mobile/15E148 Instagram 337.0.0.0`, `${IPHONE} Mobile/15E148 Safari Line/14.9.0`,
  ])("%s", (userAgent) => expect(isMessenger(userAgent)).toBe(true));

  it.each([ANDROID, `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1`, `${ANDROID} EdgA/127.0.0.0`, `${ANDROID} MQQBrowser/15.0`])(
    "%s is a browser", (userAgent) => expect(isMessenger(userAgent)).toBe(false));
});

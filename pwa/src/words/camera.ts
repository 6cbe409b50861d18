/** The sentences of the camera; they come with it. */
import type { Catalogue } from "./index.ts";

export const camera = {
  "camera.hint": { en: "Hold the code in the box", zh: "把条码放进框内" },
  "camera.picture": { en: "Camera picture", zh: "相机画面" },
  "camera.light": { en: "Light", zh: "补光灯" },
  "camera.light_on": { en: "Light on", zh: "灯已开" },
  "camera.near": { en: "Near 2 ×", zh: "拉近 2 倍" },
  "camera.off": { en: "Camera off", zh: "关闭相机" },
  "camera.again": { en: "Try again", zh: "重试" },
  "camera.starting": { en: "The camera starts", zh: "相机启动中" },
  "camera.left_out": { en: "same label, left out", zh: "同一标签，未重复计" },
  "camera.list": { en: "Read by the camera", zh: "相机已扫" },
  "camera.insecure": {
    en: "No camera on a plain http page. Open Bincard by its https address; the office knows it. Until then use the scanner, or type the code.",
    zh: "http 页面不能用相机。请用 https 地址打开 Bincard (问办公室)。现在请用扫描枪，或输入条码。",
  },
  "camera.none": {
    en: "This device has no camera. Use the scanner, or type the code.",
    zh: "本机没有相机。请用扫描枪，或输入条码。",
  },
  "camera.denied": {
    en: "The camera is not allowed here. Tap the sign beside the address, allow the camera, then Try again. Or type the code.",
    zh: "浏览器未允许使用相机。点地址栏旁的图标，允许相机，再点重试。也可以输入条码。",
  },
  "camera.busy": {
    en: "Another app holds the camera. Close that app, then Try again. Or type the code.",
    zh: "相机被其他应用占用。请关闭该应用，再点重试。也可以输入条码。",
  },
  "camera.failed": {
    en: "The camera did not start. Try again; if it stays so, use the scanner or type the code.",
    zh: "相机没有启动。请重试；还是不行，请用扫描枪或输入条码。",
  },
} as const satisfies Catalogue;

/** One page of help for each screen: what to scan, what happens, what to do when it does not. */
import type { Catalogue } from "./index.ts";

export const help = {
  "help.title": { en: "Help", zh: "帮助" },
  "help.steps": { en: "How it goes", zh: "怎么做" },
  "help.trouble": { en: "When it does not", zh: "遇到问题" },
  "help.tones": { en: "What you hear and see", zh: "声音和颜色" },
  "help.tone.done": { en: "One high tone, green with a tick: written.", zh: "一声高音，绿底勾：已记上。" },
  "help.tone.look": { en: "Two tones, yellow triangle: look at the screen.", zh: "两声，黄底三角：请看屏幕。" },
  "help.tone.wrong": { en: "One low buzz, red square: put it back.", zh: "一声低音，红底叉：请放回原位。" },
  "help.tone.lost": { en: "Falling tones, violet: not recorded, scan again.", zh: "连续降音，紫底：没有记上，请重扫。" },

  "home.1": { en: "Scan anything: an order, a bin, an item. It opens.", zh: "扫任意条码：订单、库位、物料，都会打开。" },
  "home.2": { en: "Or tap the work. The number says how much is open.", zh: "也可以点作业图标。数字是未完数量。" },
  "home.3": { en: "At the end of the shift: Hand in, wait for 0, sign out.", zh: "下班时点交班，等到 0，再退出。" },
  "home.x": { en: "No network? Go on. Everything is kept here and sends itself later.", zh: "没有网络也照常干活。记录都存在本机，有网后自动上传。" },

  "receive.1": { en: "Scan the purchase order.", zh: "扫采购订单。" },
  "receive.2": { en: "Scan the goods. The label says lot, expiry and quantity where it can.", zh: "扫货。标签上有批号、有效期、数量的会自动填好。" },
  "receive.3": { en: "No number on the label? Each scan is one more; Done writes them, The rest takes the line.", zh: "标签没有数量时，每扫一次加一；按完成记录，或按剩余全收。" },
  "receive.4": { en: "Done shows what is short or over.", zh: "按完成，查看少收和超收。" },
  "receive.x": { en: "More than ordered? Yes writes it, the office settles the rest. Damaged? Hold.", zh: "超收：按是即记录，多出的由办公室处理。破损：按冻结。" },

  "putaway.1": { en: "Scan the goods at the dock.", zh: "在收货暂存区扫货。" },
  "putaway.2": { en: "Go to the bin on the screen and scan it.", zh: "到屏幕上的库位，扫库位。" },
  "putaway.3": { en: "Several things: scan them all first, then bin after bin.", zh: "多样货：先都扫上，再一个库位一个库位放。" },
  "putaway.x": { en: "Bin full? Say so for the next one, or scan any other bin.", zh: "库位满了：点库位已满换下一个，或直接扫别的库位。" },

  "pick.1": { en: "Scan the sales order.", zh: "扫销售订单。" },
  "pick.2": { en: "Go to the bin on the screen and scan it, then the goods. No label: press the bin, type the code.", zh: "到屏幕上的库位，扫库位，再扫货。没有标签：点库位，输入条码。" },
  "pick.3": { en: "All is there: no typing. Less: Qty, then scan.", zh: "数量够就不用输入。不够：先改数量再扫。" },
  "pick.x": { en: "Less there: Short, why, and how many; somebody counts the bin. In the way: Skip, it comes again at the end.", zh: "不够：点缺货，填原因和数量，会安排盘点。暂时拿不到：点跳过，最后再来。" },

  "issue.1": { en: "Scan the work order.", zh: "扫生产工单。" },
  "issue.2": { en: "Go to the bin of the oldest lot, scan it, then the lot.", zh: "到最早批次的库位，扫库位，再扫批次。" },
  "issue.3": { en: "Yellow means: an older lot is near. Go there, or say why not.", zh: "黄色表示附近有更早批次：去那里取，或填原因。" },
  "issue.x": { en: "Without an order: scan an item, take from the list, type how many.", zh: "没有工单：扫物料，按列表取，输入数量。" },

  "count.1": { en: "Scan the bin, then everything in it.", zh: "扫库位，再扫里面的所有货。" },
  "count.2": { en: "Each scan is one stroke. Or scan once and type the number.", zh: "扫一次记一划；也可以扫一次再输数量。" },
  "count.3": { en: "Bin done, or scan the next bin.", zh: "点盘完，或直接扫下一个库位。" },
  "count.x": { en: "Nothing in it? Bin empty. Scanned too often? Undo takes back one stroke.", zh: "里面没货：点空库位。多扫了：点撤销退一划。" },

  "move.1": { en: "Scan what you move.", zh: "扫要移的货。" },
  "move.2": { en: "If it lies in several bins, scan where it is from.", zh: "多个库位都有时，扫原库位。" },
  "move.3": { en: "Scan where it goes.", zh: "扫目标库位。" },
  "move.x": { en: "Only a part? Quantity first, then scan where it goes.", zh: "只移一部分：先改数量，再扫目标库位。" },

  "look-up.1": { en: "Scan a bin, an item, a lot or an order.", zh: "扫库位、物料、批次或单据。" },
  "look-up.2": { en: "Or type a part of the code, the name or the spec.", zh: "或输入编码、名称、规格的一部分。" },
  "look-up.3": { en: "Tap an item in a bin for its card: what came, went and was left.", zh: "点库位里的物料看料卡：收、发、结存。" },
  "look-up.x": { en: "The top line says how old the picture is.", zh: "上方显示库存数据的时间。" },

  "outbox.1": { en: "Hollow mark: on this device. Half: on the server. Full: settled.", zh: "空框：已存本机。半框：已上传。实框：已入账。" },
  "outbox.2": { en: "Yellow: somebody in the office looks at it. You need not.", zh: "黄色：办公室会处理，你不用管。" },
  "outbox.3": { en: "Try now sends at once when there is a network.", zh: "有网络时点立即上传马上发。" },
  "outbox.x": { en: "Device breaking, or without a network for long? Rescue hands its records to another one.", zh: "设备要坏或长期没网：点数据救援，把记录交给另一台设备。" },

  "rescue.1": { en: "Save a file and open it on another device, or show the codes and scan them there.", zh: "存成文件在另一台设备打开，或显示二维码让另一台设备扫。" },
  "rescue.2": { en: "The other device sends the records as this one's, and shows what became of them.", zh: "另一台设备会以本机的名义上传，并显示处理结果。" },
  "rescue.3": { en: "Brought in twice, or this device comes back? Nothing counts twice.", zh: "重复导入或本机恢复，都不会重复记账。" },
  "rescue.x": { en: "A code is not taken? Hold it closer, or pause the series and scan it again.", zh: "扫不上：靠近一点，或暂停播放再扫。" },

  "hand-in.1": { en: "Wait in the network until the number is 0.", zh: "在有网络的地方等到 0。" },
  "hand-in.2": { en: "Finish or leave what is open: the next one can go on with it.", zh: "未完作业可以留给下一班继续。" },
  "hand-in.3": { en: "Sign out and put the device on its charger.", zh: "退出，把设备放回充电座。" },
  "hand-in.x": { en: "Does not get to 0? Tell the office: the device's number and how many.", zh: "到不了 0：告诉办公室设备号和条数。" },

  "desk.1": { en: "Take the largest variance first and read its story.", zh: "先看差异最大的，读它的过程。" },
  "desk.2": { en: "Approve opens when all data up to the count have come.", zh: "数据收齐到盘点时刻，才能审核通过。" },
  "desk.3": { en: "Not sure? Recount by another person.", zh: "拿不准：退回复盘，换人盘。" },
  "desk.x": { en: "A decision is a record like any other: it waits here until it is sent.", zh: "审核也是一条记录，没网时先存本机，再上传。" },
} as const satisfies Catalogue;

"""By what headings columns are known: those of common systems, of plain English and of 中文.

Compared without case, blanks, underscores, stars and what stands in brackets about being required.
Odoo, ERPNext, SAP Business One, 金蝶 (Kingdee), 用友 (Yonyou) and plain lists.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": (
        "item code", "item no.", "item number", "sku", "product", "product code", "part number",
        "internal reference", "default_code", "product/internal reference",
        "product_id/default_code", "material", "物料编码", "物料", "物料代码", "物料长代码",
        "存货编码", "存货", "商品编码", "商品编号", "料号", "货号", "品号", "产品编码",
    ),
    "item.name": (
        "item name", "item description", "product name", "description", "material description",
        "名称", "物料名称", "存货名称", "商品名称", "品名", "产品名称",
    ),
    "name_zh": ("name zh", "chinese name", "foreign name", "中文名称"),
    "spec": (
        "specification", "model", "规格型号", "规格", "型号", "存货规格", "物料规格",
    ),
    "unit": (
        "uom", "unit of measure", "default unit of measure", "stock uom", "inventory uom",
        "base unit", "uom_id", "单位", "基本单位", "计量单位", "主计量单位", "基本计量单位",
        "库存单位",
    ),
    "item.kind": ("item type", "物料属性", "类别", "物料类别", "存货属性"),
    "lots": (
        "has batch no", "manage by lots", "managed by batch", "batch management", "tracked by lot",
        "批次管理", "启用批号管理", "是否批次管理", "批号管理", "是否启用批次",
    ),
    "dated": (
        "has expiry date", "use expiration date", "use_expiration_date", "shelf life",
        "有效期管理", "保质期管理", "启用保质期管理", "是否保质期管理", "是否启用保质期",
    ),
    "serials": (
        "has serial no", "managed by serial", "serial management", "序列号管理",
        "启用序列号管理", "是否序列号管理", "启用序列号",
    ),
    "fifo": ("issue method", "先进先出", "出库规则"),
    "count_tolerance": ("盘点允差",),
    "count_tolerance_percent": ("count tolerance %", "盘点允差%"),
    "aliases": (
        "barcode", "barcodes", "bar code", "ean", "upc", "gtin", "barcode (barcodes)",
        "条码", "条形码", "商品条码", "国际条码", "对应条形码", "69码",
    ),
    "units": ("packs", "packagings", "packaging", "包装", "包装单位", "包装规格"),
    "receive_status": ("status on receipt", "收货状态", "来料状态", "到货质量状态"),
    "active": ("enabled", "启用", "是否启用"),
    "inactive": ("disabled", "frozen", "archived", "停用", "禁用", "是否停用", "禁用状态"),
    "location": (
        "location", "place", "bin", "bin code", "bin location", "bin location code", "storage bin",
        "storage location", "location_id", "location name", "库位", "库位编码", "货位", "货位编码",
        "仓位", "仓位编码", "仓位代码", "储位", "储位编码",
    ),
    "warehouse": (
        "warehouse code", "whse", "plant", "仓库", "仓库编码", "仓库代码", "收料仓库",
    ),
    "location.kind": ("location type", "bin type", "类别", "库位类别", "货位属性", "货位类型"),
    "walk": ("path", "picking sequence", "pick order", "拣货顺序", "路径序号", "拣货次序"),
    "blocked": ("停用", "冻结", "是否停用", "是否冻结"),
    "capacity": ("max quantity", "maximum quantity", "最大库存", "容量", "最大存放数量"),
    "partner": (
        "code", "bp code", "card code", "reference", "supplier", "customer", "vendor",
        "supplier code", "customer code", "编码", "往来单位编码", "供应商编码", "客户编码",
        "供应商代码", "客户代码",
    ),
    "partner.kind": ("partner type", "bp type", "card type", "类别", "往来类别", "类型"),
    "partner.name": (
        "bp name", "card name", "supplier name", "customer name", "vendor name", "名称",
        "往来单位名称", "供应商名称", "客户名称",
    ),
    "person": ("number", "employee", "employee no.", "employee id", "工号", "员工编码", "人员编码"),
    "person.name": ("employee name", "full name", "姓名", "员工姓名", "人员姓名"),
    "role": ("position", "角色", "岗位"),
    "badge": ("badge id", "rfid", "工牌", "工卡", "卡号"),
    "language": ("语言",),
    "quantity": (
        "qty", "on hand", "on hand quantity", "quantity on hand", "in stock", "actual qty",
        "counted quantity", "inventoried quantity", "inventory_quantity", "unrestricted",
        "available stock", "balance qty", "opening qty", "数量", "现存量", "现存数量", "库存数量",
        "库存量", "结存数量", "期初数量", "基本单位数量", "数量(基本单位)", "即时库存",
    ),
    "lot": (
        "batch", "batch no", "batch no.", "batch number", "lot/serial number", "lot_id",
        "lot_id/name", "lot number", "lot no.", "批号", "批次", "批次号", "生产批号",
    ),
    "expires": (
        "expiry", "expiry date", "expiration date", "exp. date", "sled/bbd", "best before",
        "use by", "removal date", "有效期至", "失效日期", "有效期", "到期日", "效期", "保质期至",
    ),
    "fifo_date": (
        "fifo date", "received", "incoming date", "in_date", "admission date", "receipt date",
        "posting date", "gr date", "入库日期", "收货日期", "首次入库日期", "入库时间",
    ),
    "serials.stock": (
        "serial", "serial no", "serial no.", "serial number", "serial numbers", "序列号",
        "序列号清单",
    ),
    "status": (
        "stock status", "quality status", "stock type", "状态", "库存状态", "质量状态", "检验状态",
    ),
    "supplier": (
        "vendor", "supplier code", "lot supplier", "供应商", "供应商编码", "供货单位", "供货商",
    ),
    "owner": ("owner_id", "consignee", "货主", "货主编码", "所有者", "代管供应商"),
    "unit_cost": (
        "cost", "unit price", "price", "valuation rate", "item cost", "standard price",
        "standard_price", "moving price", "单价", "成本单价", "单位成本", "结存单价", "成本价",
        "期初单价",
    ),
}  # fmt: skip

LAST_DAY: Final = re.compile(r"[(\[]?(lastday|endofmonth|月末|月底|当月最后一天)[)\]]?$")
_REQUIRED: Final = re.compile(r"[(\[](必填|必录|必填项|required|mandatory)[)\]]")


def plain(heading: str) -> str:
    """Return a heading as it is compared."""
    text = unicodedata.normalize("NFKC", heading).lower()
    return re.sub(r"[\s_*\u200b\ufeff]", "", _REQUIRED.sub("", text))

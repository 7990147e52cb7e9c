"""Opens an .xlsx as the zip of XML that it is, before any spreadsheet library sees it.

The library would read a formula as its last result, a merged cell as one value and blanks, and one cell in the last
corner of a sheet as seventeen thousand million cells. So each part is unpacked here under a limit (its declared size
is not believed) and each sheet is walked once for what a table must not hold.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from shared.kernel.errors import define
from shared.sheets.sheet_xml import (
    COLUMNS_MAX,
    ROWS_MAX,
    RelationsWalker,
    SheetFacts,
    SheetTooLarge,
    SheetWalker,
    UnsoundXml,
    WorkbookWalker,
    XmlWalker,
)

COMPRESSED_MAX_BYTES = 10 * 1024 * 1024
UNPACKED_MAX_BYTES = 120 * 1024 * 1024
PARTS_MAX = 500
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 256 * 1024
_LOCAL_HEADER = 30
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")

NOT_EXCEL = define(
    "sheet_not_excel",
    422,
    "不是 Excel 文件",
    "Not an Excel file",
    "上传的内容不是 .xlsx 工作簿。请在 Excel 或 WPS 中另存为“Excel 工作簿(*.xlsx)”后重新上传;本次什么都没有登记。",
    "The upload is not an .xlsx workbook. Save it as an Excel workbook (*.xlsx) and send it; nothing was recorded.",
)
OLD_EXCEL = define(
    "sheet_old_excel",
    422,
    "旧版或加密的 Excel 文件",
    "Old or encrypted Excel file",
    "这是旧版 .xls 文件或加密的文件。请打开后另存为不加密的“Excel 工作簿(*.xlsx)”再上传。",
    "This is an old .xls file or an encrypted one. Save it unencrypted as an Excel workbook (*.xlsx) and send it.",
)
TOO_LARGE = define(
    "sheet_too_large",
    413,
    "文件过大",
    "The file is too large",
    "表格超过限制({limit})。请拆分(名册按村)后分别上传。",
    "The table is over the limit ({limit}). Split it, a roster by village.",
)
DAMAGED = define(
    "sheet_damaged",
    422,
    "文件已损坏",
    "The file is damaged",
    "工作簿内容无法读取({part})。请重新另存后上传。",
    "The workbook cannot be read ({part}). Save it again and send it.",
)


def open_package(content: bytes) -> dict[str, SheetFacts]:
    """The facts of every worksheet by its name. Raises a refusal for what is no sound, bounded .xlsx."""
    if len(content) > COMPRESSED_MAX_BYTES:
        raise TOO_LARGE(limit=f"{COMPRESSED_MAX_BYTES // 1024 // 1024} MB")
    if content.startswith(_OLD_EXCEL):
        raise OLD_EXCEL()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _walk(archive, content)
    except zipfile.BadZipFile:
        raise NOT_EXCEL() from None


def _walk(archive: zipfile.ZipFile, content: bytes) -> dict[str, SheetFacts]:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", _WORKBOOK, _RELATIONS} <= names:
        raise NOT_EXCEL()
    if len(parts) > PARTS_MAX or len(names) != len(parts):
        raise DAMAGED(part=(f"{len(parts)} 个部分", f"{len(parts)} parts"))
    walkers: dict[str, XmlWalker] = {_WORKBOOK: WorkbookWalker(), _RELATIONS: RelationsWalker()}
    left = UNPACKED_MAX_BYTES
    for part in parts:
        if _SHEET.fullmatch(part.filename):
            walkers[part.filename] = SheetWalker()
        left -= _unpack(content, part, left, walkers.get(part.filename))
    return _by_name(walkers)


def _by_name(walkers: dict[str, XmlWalker]) -> dict[str, SheetFacts]:
    book, relations = walkers[_WORKBOOK], walkers[_RELATIONS]
    assert isinstance(book, WorkbookWalker)
    assert isinstance(relations, RelationsWalker)
    sheets: dict[str, SheetFacts] = {}
    for name, relation in book.sheets.items():
        part = relations.worksheets.get(relation)
        if part is None:
            continue  # a chart sheet holds no rows
        walker = walkers.get(part)
        if not isinstance(walker, SheetWalker):
            raise DAMAGED(part=part[:60])
        sheets[name] = walker.facts
    return sheets


def _unpack(content: bytes, part: zipfile.ZipInfo, limit: int, walker: XmlWalker | None) -> int:
    """Unpacks one part and returns its true size; stops at ``limit`` bytes whatever the part declares."""
    if part.flag_bits & 0x1:
        raise OLD_EXCEL()
    size = 0
    try:
        for block in _blocks(content, part):
            size += len(block)
            if size > limit:
                raise TOO_LARGE(limit=f"{UNPACKED_MAX_BYTES // 1024 // 1024} MB")
            if walker is not None:
                walker.feed(block)
        if walker is not None:
            walker.close()
    except (zlib.error, UnsoundXml):
        raise DAMAGED(part=part.filename[:60]) from None
    except SheetTooLarge:
        rows = (f"{ROWS_MAX} 行 × {COLUMNS_MAX} 列", f"{ROWS_MAX} rows × {COLUMNS_MAX} columns")
        raise TOO_LARGE(limit=rows) from None
    if size != part.file_size:
        raise DAMAGED(part=part.filename[:60])
    return size


def _blocks(content: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes of a part, a block at a time, so that a bomb is met before it has grown."""
    header = content[part.header_offset : part.header_offset + _LOCAL_HEADER]
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
        raise DAMAGED(part=part.filename[:60])
    start = part.header_offset + _LOCAL_HEADER + int.from_bytes(header[26:28], "little")
    start += int.from_bytes(header[28:30], "little")
    raw = content[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield raw
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated(raw)
    else:
        raise DAMAGED(part=part.filename[:60])


def _inflated(raw: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while raw and not inflater.eof:
        yield inflater.decompress(raw, _CHUNK)
        raw = inflater.unconsumed_tail
    yield inflater.flush(_CHUNK)

"""What the routes share that take a document as YAML: its body, its text, what the machine found in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from services.claims.benefits.document import Finding, PolicyErrors
from services.claims.benefits.lifecycle import invalid_document
from shared.contracts.wire import WireModel

YAML_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/yaml": {"schema": {"type": "string", "description": "the document"}}},
    }
}


class FindingWire(WireModel):
    """Something a person should look at."""

    severity: Literal["error", "warning"]
    line: int | None
    path: str
    message: str


def text_of(body: bytes) -> str:
    """The text of a body as it was sent. Raises PolicyErrors where it is no UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise PolicyErrors([Finding("error", None, "", "文件应是 UTF-8 编码")]) from wrong


def text_of_body(body: bytes) -> str:
    """The text of a policy or payment document as it was sent. Raises DOCUMENT_INVALID where it is no UTF-8."""
    try:
        return text_of(body)
    except PolicyErrors as wrong:
        raise invalid_document(wrong.findings) from wrong


def told(found: Iterable[Finding]) -> list[FindingWire]:
    """Findings in wire form."""
    return [FindingWire(severity=f.severity, line=f.line, path=f.path, message=f.message) for f in found]

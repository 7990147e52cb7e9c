"""The console beside recorded answers: enough of the public APIs to look at the page without a stack."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.servers import StandInServer

CONSOLE = Path(__file__).resolve().parents[2] / "console"
POOL = "522422"
CLAIM = "0127173c-9a80-730b-9b78-d2cf2d701d00"


def term(code: str, zh: str, en: str, value: str) -> dict[str, Any]:
    """One term of an identity."""
    return {"code": code, "name_zh": zh, "name_en": en, "value": value}


NODES = [
    {"account": account, "name_zh": zh, "name_en": en, "balance": balance, "held": "0.00", "kind": "bank"}
    for account, zh, en, balance in (
        ("1009.01", "乡镇代收未缴", "township collections", "3240.00"),
        ("1009.05", "乡镇缴收入户在途", "in transit to the income account", "0.00"),
        ("1003", "收入户存款", "income account", "12040.00"),
        ("1009.02", "收入户缴财政专户在途", "in transit to the fiscal account", "860.00"),
        ("1002", "财政专户存款", "fiscal special account", "12312846.50"),
        ("1009.03", "财政专户拨支出户在途", "in transit to the expenditure account", "0.00"),
        ("1001.02", "支出户存款", "insurer's expenditure account", "47153.20"),
        ("1009.04", "支出户退回财政专户在途", "in transit back to the fiscal account", "0.00"),
    )
]
IDENTITY = {
    "code": "c",
    "name_zh": "已结算基金支付 = 审核通过 + 待审",
    "name_en": "fund share settled = approved + still open",
    "left": [term("settled", "已结算基金支付", "fund share settled", "700.00")],
    "right": [
        term("approved", "审核通过", "approved", "650.00"),
        term("open", "待审", "still open", "60.00"),
        term("interest", "减:利息", "less interest", "-10.00"),
    ],
    "apart": [],
    "broken": [],
    "ties": True,
    "difference": "0.00",
}
CLAIM_ROW = {
    "claim_id": CLAIM,
    "setl_id": "014WEBS6M0EC5SPY6JSWPQ0780",
    "number": "522422-20100304-000001",
    "status": "approved",
    "institution_code": "H52242200001",
    "kind": "inpatient",
    "admitted_on": "2010-03-01",
    "settled_on": "2010-03-04",
    "settled_at": "2010-03-04T09:30:00Z",
    "total": "12345.60",
    "eligible": "10000.00",
    "benefit": "7000.00",
    "patient": "5345.60",
    "payable": "7000.00",
    "policy_id": "dafang-2010",
    "policy_hash": "c8757683c4d35fe2" * 4,
    "catalogue_version": "2010",
    "coverage_sequence": 1,
}
LINE = {
    "number": 1,
    "item_name": "床位费",
    "amount": "12345.60",
    "eligible": "10000.00",
    "reason": "over_price_ceiling",
}
STEP = {
    "step": "ratio",
    "rule": "county",
    "clause": "报销比例为70%",
    "inputs": {"base": "10000.00", "applied_ratio": "0.7000"},
    "amount": "7000.00",
}
ANSWERS: dict[str, Any] = {
    f"/settlement/v1/pools/{POOL}/money-ring": {"as_of": "2010-03-04T09:30:00Z", "nodes": NODES, "edges": []},
    f"/settlement/v1/pools/{POOL}/identities": {
        "as_of": "2010-03-04T09:30:00Z",
        "ties": True,
        "identities": [IDENTITY],
    },
    "/claims/v1/institutions": {"items": [{"code": "H52242200001", "name": "大方县人民医院"}], "next_cursor": None},
    f"/claims/v1/pools/{POOL}/claims": {"items": [CLAIM_ROW], "next_cursor": None},
    f"/claims/v1/pools/{POOL}/claims/{CLAIM}": CLAIM_ROW,
    f"/claims/v1/pools/{POOL}/claims/{CLAIM}/trace": {
        "claim_id": CLAIM,
        "trace": [STEP],
        "lines": [LINE],
        "illustrative": [],
    },
    f"/claims/v1/pools/{POOL}/claims/{CLAIM}/slip": "合作医疗费用补偿结算单\n  补偿金额:7,000.00\n",
}
Answers = dict[str, Any]


class Recorded:
    """A server on a free port. ``answers`` may be changed by a test; an int is an HTTP status with a problem."""

    def __init__(self) -> None:
        self.answers: Answers = deepcopy(ANSWERS)
        self.asked: list[tuple[str, str, str | None]] = []
        """Method, path, Authorization of every request to an API."""
        recorded = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, directory=str(CONSOLE), **options)

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                if "/v1/" not in path:
                    super().do_GET()
                    return
                recorded.asked.append((self.command, path, self.headers.get("Authorization")))
                self._tell(recorded.answers.get(path, 404))

            def _tell(self, answer: Any) -> None:
                status, kind, body = 200, "application/json", answer
                if isinstance(answer, int):
                    status, kind = answer, "application/problem+json"
                    body = {"title": "标题", "detail": "怎么办", "code": "some_code", "status": answer}
                elif isinstance(answer, str):
                    kind = "text/plain; charset=utf-8"
                raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        self._server = StandInServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["Recorded"]:
        """Answers until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

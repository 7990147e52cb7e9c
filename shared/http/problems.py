"""Problems of the edge itself, and how any problem becomes an answer (RFC 9457)."""

from typing import Any

import orjson
from fastapi import Request, Response

from shared.http.wrong_forms import reason
from shared.kernel.errors import Problem, ProblemType, define

UNAUTHENTICATED = define(
    "unauthenticated",
    401,
    "没有有效的令牌",
    "No valid token",
    "请在“Authorization: Bearer”头中带上有效的令牌:{reason}。",
    "Send a valid Bearer token: {reason}.",
)
FORBIDDEN_ROLE = define(
    "forbidden_role",
    403,
    "角色无权",
    "Role not allowed",
    "您的角色“{role}”不能做这件事;可以做的角色:{allowed}。",
    "Your role ({role}) may not do this; roles that may: {allowed}.",
)
FORBIDDEN_POOL = define(
    "forbidden_pool",
    403,
    "不属于您的统筹区",
    "Not your pool",
    "您的令牌不含统筹区 {pool_code},请改用该统筹区的令牌,或核对地址里的统筹区。",
    "Your token does not name pool {pool_code}: use a token of that pool, or check the pool in the address.",
)
FORBIDDEN_INSTITUTION = define(
    "forbidden_institution",
    403,
    "不属于您的机构",
    "Not your institution",
    "您的令牌不含机构 {institution_code},请改用该机构的令牌,或核对机构代码。",
    "Your token does not name institution {institution_code}: use a token of it, or check its code.",
)
FOUR_EYES = define(
    "four_eyes",
    403,
    "须由另一人办理",
    "Another person must do this",
    "{act}的人不能再{then};请由另一位有权人员办理。",
    "Whoever did '{act}' may not do '{then}' as well; ask another person.",
)
CONFLICT_OF_INTEREST = define(
    "conflict_of_interest",
    403,
    "须回避",
    "Conflict of interest",
    "这件事涉及您的{tie},请由他人办理。",
    "This touches your own {tie}; somebody else has to do it.",
)
KEY_MISSING = define(
    "idempotency_key_missing",
    400,
    "缺少 Idempotency-Key",
    "Idempotency-Key missing",
    "每次写入都要带 Idempotency-Key 头(1–128 个可见 ASCII 字符);重发时用同一个。",
    "Every write needs an Idempotency-Key header (1 to 128 visible ASCII characters); repeat it when sending again.",
)
KEY_REUSED = define(
    "idempotency_key_reused",
    422,
    "同一个键用于不同的请求",
    "Key reused for another request",
    "这个 Idempotency-Key 已用于另一个请求;新的请求请换一个键。",
    "This Idempotency-Key belongs to another request; use a new key for a new request.",
)
KEY_IN_FLIGHT = define(
    "idempotency_key_in_flight",
    409,
    "同一个键的请求还在处理",
    "The same key is in flight",
    "前一个请求还没有结束;请稍后用同一个键重发。",
    "The earlier request has not ended; send it again later with the same key.",
)
INVALID = define(
    "invalid_request",
    422,
    "请求内容有误",
    "Invalid request",
    "请按“errors”所列逐项改正后重发;什么都没有改动。",
    "Correct what errors lists and send again; nothing was changed.",
)
NOT_FOUND = define(
    "not_found",
    404,
    "没有找到",
    "Not found",
    "没有 {what}。请核对编号和统筹区。",
    "There is no {what}. Check the number and the pool.",
)
NO_SUCH_PATH = define(
    "no_such_path",
    404,
    "没有这个地址",
    "No such address",
    "没有 {path} 这个地址;请看接口文档。",
    "There is nothing at {path}; see the interface description.",
)
METHOD_NOT_ALLOWED = define(
    "method_not_allowed",
    405,
    "方法不对",
    "Method not allowed",
    "这个地址不接受 {method}。",
    "This address does not take {method}.",
)
PRECONDITION_FAILED = define(
    "precondition_failed",
    412,
    "内容已被他人修改",
    "Changed by somebody else",
    "您读取之后内容已变;请重新读取,核对后用新的 ETag 作 If-Match 再改。什么都没有改动。",
    "It changed after you read it. Read it again, compare, and send its new ETag as If-Match. Nothing was changed.",
)
PRECONDITION_REQUIRED = define(
    "precondition_required",
    428,
    "须说明所依据的内容",
    "Say what you have read",
    "这一项已经存在,修改前请先读取,把返回的 ETag 放进 If-Match 头再发,以免覆盖他人的修改。",
    "This exists already: read it first and send its ETag as If-Match, so that nobody's change is overwritten.",
)
EXISTS_ALREADY = define(
    "exists_already",
    412,
    "已经存在",
    "Exists already",
    "这一项已经存在,没有新建;要修改请先读取,用它的 ETag 作 If-Match。",
    "This exists already and was not made anew: to change it, read it and send its ETag as If-Match.",
)
OUTCOME_UNKNOWN = define(
    "outcome_unknown",
    503,
    "结果未知",
    "Outcome unknown",
    "数据库没有答复提交结果;请用同一个键重发同样的请求。",
    "The database did not confirm the commit; send the same request with the same key again.",
)
BUSY = define(
    "busy",
    503,
    "系统繁忙",
    "Busy",
    "现在太忙,什么都没有改动;请稍后重发。",
    "Too busy at the moment; nothing was changed. Send it again shortly.",
)
INTERNAL = define(
    "internal_error",
    500,
    "系统出错",
    "Internal error",
    "系统出错,什么都没有改动;请把请求号 {request_id} 告诉管理员。",
    "An error of ours; nothing was changed. Tell the operator the request id {request_id}.",
)
TOO_LARGE = define(
    "too_large",
    413,
    "内容太大",
    "Too large",
    "最多 {limit} 字节。请分批发送。",
    "At most {limit} bytes. Send it in parts.",
)

MEDIA_TYPE = "application/problem+json"


def language_of(request: Request) -> str:
    """``en`` where the caller prefers English, otherwise ``zh``."""
    preferred = request.headers.get("accept-language", "").lower()
    english, chinese = preferred.find("en"), preferred.find("zh")
    return "en" if english >= 0 and (chinese < 0 or english < chinese) else "zh"


def render(problem: Problem, language: str, request_id: str) -> Response:
    """The answer that tells the problem."""
    body = problem.body(language) | {"instance": f"urn:heyi:request:{request_id}"}
    headers = {"X-Request-Id": request_id, "Content-Language": "en" if language == "en" else "zh-CN"}
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    if problem.kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body, default=str), problem.kind.status, headers, MEDIA_TYPE)


def from_validation(errors: list[Any]) -> Problem:
    """The problem for a body, path or query that does not have the declared form; reasons in both languages."""
    told = [{"at": ".".join(str(part) for part in e["loc"]), "reason": reason(e)} for e in errors[:100]]
    return INVALID(errors=told)


def documented(*kinds: ProblemType) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer with these problems."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        known = by_status.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: {}}})
        known["description"] = (known["description"] + f"; `{kind.code}` {kind.title_en}").lstrip("; ")
    return by_status

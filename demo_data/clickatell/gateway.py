"""From a request to an answer: which API it is for, which fault falls on it, what is recorded."""

from collections.abc import Callable
from dataclasses import replace

from demo_data.clickatell import one_api, xml_api
from demo_data.clickatell.account import Account
from demo_data.clickatell.call_log import Call, CallLog, mask_body, mask_headers, mask_path
from demo_data.clickatell.exchange import ONE, XML, Answer, Request, to_json
from demo_data.clickatell.faults import Fault, FaultPlan
from demo_data.clickatell.settings import Settings
from demo_data.clickatell.xml_document import write_document


class Gateway:
    """The account, the plan of faults and the log, without any socket."""

    def __init__(self, settings: Settings, account: Account, faults: FaultPlan) -> None:
        self.settings = settings
        self.account = account
        self.faults = faults
        self.log = CallLog(settings)
        self.on_call: Callable[[Call], None] | None = None

    def fault_for(self, request: Request) -> Fault | None:
        """The scripted fault that falls on this call, taken out of the plan."""
        if xml_api.is_path(request, self.account):
            return self.faults.choose(XML, xml_api.call_kind(request))
        kind = one_api.call_kind(request, self.account)
        return self.faults.choose(ONE, kind) if kind is not None else None

    def answer(self, request: Request, fault: Fault | None, connection: int, late: bool = False) -> Answer:
        """Decide the call, carry it out where the fault allows, and record it. `body` is filled in.

        `late` says that the fault was a wait, which is over.
        """
        keep = late or fault is None or fault.accepts or fault.kind.judge is not None
        if xml_api.is_path(request, self.account):
            api, answer = XML, self._decide_xml(request, fault, keep)
        else:
            api, answer = ONE, self._decide_one(request, fault, keep)
        decision, accepted = answer.decision, answer.accepted
        if accepted and not keep:
            decision, accepted = "not carried out", 0
        if fault is not None:
            answer = self._twist(answer, fault)
        if answer.decision != decision and keep:
            decision = f"{decision}; answered {answer.decision}"
        if isinstance(answer.document, dict):
            answer.body = to_json(answer.document)
        elif answer.document is not None:
            answer.body = write_document(answer.document)
        self._record(request, api, connection, decision, answer.status, accepted, fault)
        return answer

    def give_up(self, request: Request, fault: Fault, connection: int) -> None:
        """Record a call that was never decided: the client left before."""
        api = XML if xml_api.is_path(request, self.account) else ONE
        self._record(request, api, connection, "not carried out, the client left first", None, 0, fault)

    def _decide_one(self, request: Request, fault: Fault | None, keep: bool) -> Answer:
        refuse = fault.kind.refuse(ONE, fault.value) if fault and fault.kind.refuse and not keep else None
        return one_api.answer(
            request,
            self.account,
            judge=self.faults.judge(fault, ONE),
            refuse=None if refuse is None else int(refuse),
            keep=keep,
        )

    def _decide_xml(self, request: Request, fault: Fault | None, keep: bool) -> Answer:
        refuse = fault.kind.refuse(XML, fault.value) if fault and fault.kind.refuse else None
        until = int(self.account.now().timestamp() + (fault.value if fault else 0))
        return xml_api.answer(
            request,
            self.account,
            judge=self.faults.judge(fault, XML),
            refuse=None if refuse is None else str(refuse),
            keep=keep,
            detail=str(until),
        )

    def _twist(self, answer: Answer, fault: Fault) -> Answer:
        kind = fault.kind
        if kind.instead is not None:
            return kind.instead(fault.value)
        if kind.refuse is not None and fault.accepts:
            return one_api.top_level(int(kind.refuse(ONE, fault.value)), self.account)
        if kind.reshape is not None and answer.document is not None:
            shape = kind.reshape(answer.document, fault.value, self.faults.rng)
            if isinstance(shape, bytes):
                return replace(answer, document=None, body=shape)
            return replace(answer, document=shape)
        return answer

    def _record(
        self,
        request: Request,
        api: str,
        connection: int,
        decision: str,
        status: int | None,
        accepted: int,
        fault: Fault | None,
    ) -> None:
        call = Call(
            number=self.log.count + 1,
            at=self.account.now(),
            connection=connection,
            api=api,
            method=request.method,
            path=mask_path(request, self.settings),
            headers=mask_headers(request.headers),
            body=mask_body(request, self.settings),
            decision=decision,
            status=status,
            accepted=accepted,
            fault=str(fault or ""),
        )
        self.log.add(call)
        if self.on_call is not None:
            self.on_call(call)

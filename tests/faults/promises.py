"""For each promise: the line that keeps it is taken out, in a copy of the program, and a test must fail.

`python -m tests.faults.promises`; exit status 1 when a line was not missed.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("tui", "scheduling", "storage", "demo_data", "tests", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Removal:
    """`line` goes out of `file` (`instead` comes in, where the code must still be read) and `test` fails."""

    promise: str
    file: str
    line: str
    test: str
    instead: str = ""


LOST, DOUBLED, ONCE = "1 nothing is lost", "2 a duplicate is said", "3 once per due time"
CLOCK, STOOD_STILL = "plans are lengths of time", "an answer that has come is read"
TOLD = "an alert of which nobody was told goes out again; those told hear of the end"
PAUSES, ANSWERED = "a pause holds up no alarm and ends", "one asked, one answered"
FACTS, TAMPERED, ECHOED = "signs by kind", "a tampered review is not whole", "a key echoed back"
LATE, BAD_ROW, BAD_INPUT = "4 a late holder does no harm", "5 one bad row stops nothing", "6 bad input"
FILES, PRINTED, RESTORED = "files of operators", "what is printed", "what a restore lets in"
BEFORE_LOGIN, SMALL = "before anybody has logged in", "what no person types"
UNTIL_ANSWERED = "until somebody answers: each step once, none after a claim"
WITHDRAWN, ORDER, WAY_FREE = "what is withdrawn", "order of messages", "the way is free again"

HOLDS = "what is held is released, once, by the holder of the lease"

REMOVALS = (
    Removal(
        TOLD,
        "tui/editors/alert.py",
        "                proposed=(TOLD,) if before is None and stage in TO_THOSE_TOLD else (),\n",
        "tests/tui/sections/test_told.py::test_a_new_alert_proposes_those_told_on_restored_and_claimed_only",
        "                proposed=(),\n",
    ),
    Removal(
        WITHDRAWN,
        "storage/message_history.py",
        "    if wanted.withdrawn:\n",
        "tests/operations/test_messages.py::test_the_list_can_show_those_withdrawn",
        "    if False:\n",
    ),
    Removal(
        TOLD,
        "tui/occurrences/facts.py",
        '    lines = [title, told_shown(found.tally), Content("")]\n',
        "tests/tui/sections/test_told.py::test_the_detail_begins_with_who_was_told_and_shows_its_story",
        '    lines = [title, Content("")]\n',
    ),
    Removal(
        HOLDS,
        "scheduling/releasing.py",
        "        release(tx, rows, due, now)\n",
        "tests/engine/test_holds.py::test_1_a_night_is_one_message_in_the_morning",
        "        pass\n",
    ),
    Removal(
        HOLDS,
        "scheduling/releasing.py",
        "                leases.check(tx, epoch)\n",
        "tests/engine/test_holds.py::test_a_late_holder_of_the_lease_releases_nothing",
    ),
    Removal(
        WITHDRAWN,
        "scheduling/alerting.py",
        "        waited = withdrawal.withdraw(tx, occurrence.id, stage, now, alert.plan or None)\n",
        "tests/engine/test_withdrawal.py::test_case_2_who_waits_is_withdrawn_and_who_was_told_is_left",
        "        waited = []\n",
    ),
    Removal(
        WITHDRAWN,
        "scheduling/lifecycle.py",
        "    if message.may_have_arrived:\n",
        "tests/engine/test_withdrawal.py::test_what_may_have_arrived_becomes_unknown_and_asks_nobody",
        "    if False:\n",
    ),
    Removal(
        WITHDRAWN,
        "scheduling/recorder.py",
        "    not_again = withdrawal.reasons(tx, (present[key] for key in unsent))\n",
        "tests/engine/test_withdrawal.py::test_case_4_the_answer_to_one_under_way_plans_no_retry",
        "    not_again: dict[int, str] = {}\n",
    ),
    Removal(
        WITHDRAWN,
        "tui/operations/messages.py",
        "        if found.withdrawn and not again:\n",
        "tests/operations/test_messages.py"
        "::test_a_withdrawn_one_is_not_sent_again_but_its_text_may_go_as_a_new_one",
        "        if False:\n",
    ),
    Removal(
        UNTIL_ANSWERED,
        "scheduling/answerer.py",
        "            leases.check(tx, epoch)\n            if adoption",
        "tests/faults/test_fence.py::test_a_late_holder_takes_no_step_of_a_plan",
        "            if adoption",
    ),
    Removal(
        UNTIL_ANSWERED,
        "storage/answers.py",
        "        if tx.execute(sa.select(steps.id).where(same)).first() is not None:\n",
        "tests/engine/test_answers.py::test_what_is_due_is_taken_once_whoever_tries",
        "        if False:\n",
    ),
    Removal(
        UNTIL_ANSWERED,
        "scheduling/answering.py",
        "    if not occurrence.unanswered or occurrence.answer_due_at is None",
        "tests/engine/test_answers.py::test_a_step_that_was_due_comes_to_nothing_once_somebody_has_claimed",
        "    if occurrence.answer_due_at is None",
    ),
    Removal(
        ORDER,
        "storage/outbox.py",
        "        message_order.place(tx, ids, now)\n",
        "tests/engine/test_message_order.py::test_the_newer_makes_the_older_due_at_once_and_the_plan_stands",
        "        pass\n",
    ),
    Removal(
        ORDER,
        "storage/outbox.py",
        "    message_order.arrange(tx, queued, ended, now)\n",
        "tests/engine/test_message_order.py"
        "::test_two_that_are_bound_are_never_in_one_call_nor_in_two_at_once",
    ),
    Removal(
        ORDER,
        "scheduling/recorder.py",
        "    withdrawal.told_otherwise(tx, accepted, now)\n",
        "tests/engine/test_message_order.py"
        "::test_an_older_one_that_waits_elsewhere_is_withdrawn_when_the_newer_is_accepted",
    ),
    Removal(
        ORDER,
        "scheduling/recorder.py",
        "    newer = message_order.newer_that_went(tx, present) if free else 0\n",
        "tests/engine/test_message_order.py"
        "::test_a_late_no_to_one_of_unknown_outcome_never_comes_after_the_newer",
        "    newer = 0\n",
    ),
    Removal(
        WAY_FREE,
        "scheduling/monitor.py",
        " if unwell and well else 0\n",
        "tests/engine/test_free_again.py"
        "::test_an_alarm_goes_when_the_gateway_answers_again_not_at_its_minute",
        " if False else 0\n",
    ),
    Removal(
        CLOCK,
        "scheduling/claims.py",
        "    if not plans_are_right(clock):\n        return []\n",
        "tests/engine/test_clock_set.py::test_a_clock_that_is_set_just_before_a_claim_stops_it",
    ),
    Removal(
        CLOCK,
        "storage/outbox.py",
        "            **clock,\n        }\n",
        "tests/engine/test_clock_set.py::test_the_first_message_after_the_clock_was_set_goes_at_once",
        "        }\n",
    ),
    Removal(
        CLOCK,
        "scheduling/recording.py",
        "            results = [_retried_by(result, moved) for result in results]\n",
        "tests/engine/test_clock_set.py::test_not_before_and_a_pause_are_lengths_too",
        "            pass\n",
    ),
    Removal(
        CLOCK,
        "scheduling/clock_jump.py",
        "            hold = clock_hold.hold_of(tx)\n            behind",
        "tests/engine/test_clock_set.py::"
        "test_an_operator_lets_tasks_go_on_and_a_later_holder_of_the_lease_goes_on_waiting",
        "            hold = None\n            behind",
    ),
    Removal(
        CLOCK,
        "scheduling/delivery.py",
        "if self._flood and self._flood.at <= now:",
        "tests/engine/test_clock_set.py::test_a_clock_that_is_set_while_many_are_closed_ends_no_life",
        "if self._flood:",
    ),
    Removal(
        CLOCK,
        "storage/time_shift.py",
        '    (messages.name, ("report_due_at",), "report_due_at IS NOT NULL"),\n',
        "tests/engine/test_clock_set.py"
        "::test_what_became_of_a_message_is_asked_after_the_same_lengths_of_time",
    ),
    Removal(
        STOOD_STILL,
        "scheduling/deadline.py",
        "        await asyncio.sleep(0)\n        if task.done()",
        "tests/gateways/test_late_limits.py::test_an_answer_that_came_while_we_stood_still_is_read",
        "        if task.done()",
    ),
    Removal(
        STOOD_STILL,
        "scheduling/gateways/http.py",
        "                    read=None,\n",
        "tests/gateways/test_late_limits.py::test_an_answer_that_comes_soon_after_a_read_stood_still_is_read",
        "                    read=self._cfg.read_timeout,\n",
    ),
    Removal(
        TOLD,
        "scheduling/alerting.py",
        "    if queued is not None:\n        return Raised(present.id, True, count, queued)\n",
        "tests/operations/test_told.py::test_raised_again_sends_where_nobody_is_told",
    ),
    Removal(
        TOLD,
        "scheduling/alerting.py",
        "    return not pause and told.nobody_told(facts, now)\n",
        "tests/engine/test_told.py::test_a_storm_on_an_alarm_that_is_refused_for_good_sends_seldom",
        "    return told.nobody_told(facts, now)\n",
    ),
    Removal(
        TOLD,
        "scheduling/recorder.py",
        "    hanging.answered(tx, steps, now)\n",
        "tests/engine/test_told.py::test_what_goes_to_one_who_is_being_sent_to_waits_for_the_answer",
    ),
    Removal(
        TOLD,
        "storage/outbox.py",
        '            "next_attempt_at": now if draft.told_by is None else None,\n',
        "tests/engine/test_told.py::test_it_waits_on_where_the_gateway_was_busy_and_goes_after_the_retry",
        '            "next_attempt_at": now,\n',
    ),
    Removal(
        TOLD,
        "scheduling/told.py",
        "        if may_have_heard(fact):\n            by_person",
        "tests/operations/test_told.py::test_only_those_who_may_have_heard_hear_of_the_end",
        "        if True:\n            by_person",
    ),
    Removal(
        TOLD,
        "tui/operations/status.py",
        '        problems.append(f"{unheard.said(number)}: commsdesk alert occurrences --active")\n',
        "tests/operations/test_told.py::test_status_says_that_nobody_was_told",
    ),
    Removal(
        LOST,
        "storage/sqlite.py",
        '    "synchronous=FULL",\n',
        "tests/storage/test_database.py::test_what_is_committed_is_on_the_disk",
        '    "synchronous=NORMAL",\n',
    ),
    Removal(
        LOST,
        "scheduling/engine.py",
        '            asyncio.create_task(self._sweep(epoch), name="sweep").add_done_callback(_log_failure)\n',
        "tests/engine/test_lease.py::test_what_a_lost_holder_was_sending_becomes_unknown_and_goes_again",
    ),
    Removal(
        LOST,
        "scheduling/delivery.py",
        "                self._send_all(await taking)\n            raise\n",
        "tests/faults/test_stop_in_a_claim.py",
        "                pass\n            raise\n",
    ),
    Removal(
        LOST,
        "scheduling/delivery.py",
        "            with contextlib.suppress(leases.LeaseLost):\n",
        "tests/engine/test_recording.py"
        "::test_the_next_call_is_claimed_in_the_transaction_that_records_the_last",
        "            if True:\n",
    ),
    Removal(
        DOUBLED,
        "scheduling/delivery.py",
        "        while self._calls and self._clock.boottime() < until:\n",
        "tests/faults/test_stop_in_a_claim.py::test_what_was_claimed_beside_a_result_is_sent",
        "        if self._calls:\n",
    ),
    Removal(
        LOST,
        "scheduling/recording.py",
        "                    self._waiting[:0] = batch\n",
        "tests/engine/test_recording.py::"
        "test_an_answer_is_kept_until_it_can_be_written_down_and_nothing_new_is_sent_meanwhile",
        "                    return\n",
    ),
    Removal(
        DOUBLED,
        "storage/delivery_sql.py",
        "UPDATE message SET state = {SENDING}, attempt_id = ?1,",
        "tests/faults/test_claim_first.py",
        "UPDATE message SET attempt_id = ?1,",
    ),
    Removal(
        DOUBLED,
        "scheduling/recorder.py",
        "    current = present.attempt_id == result.message.attempt_id\n",
        "tests/faults/test_late_answer.py::test_it_changes_nothing_while_a_newer_attempt_is_under_way",
        "    current = True\n",
    ),
    Removal(
        DOUBLED,
        "storage/delivery_sql.py",
        "{CHANGE} AND attempt_id = ? AND state",
        "tests/faults/test_late_answer.py::test_it_changes_nothing_while_a_newer_attempt_is_under_way",
        "{CHANGE} AND ? IS NOT NULL AND state",
    ),
    Removal(
        DOUBLED,
        "scheduling/lifecycle.py",
        "            may_arrive_twice=True,\n",
        "tests/engine/test_unknown.py::test_send_again_is_marked_and_said",
    ),
    Removal(
        DOUBLED,
        "scheduling/lifecycle.py",
        "review=(message_entry(message, EntryKind.UNKNOWN, Category.RETRY, Level.WARNING, text),),\n"
        "        )\n    why",
        "tests/engine/test_unknown.py::test_send_again_is_marked_and_said",
        "        )\n    why",
    ),
    Removal(
        DOUBLED,
        "scheduling/lifecycle.py",
        "if on_unknown is OnUnknown.RESEND and unknowns",
        "tests/engine/test_unknown.py::test_hold_waits_for_an_operator",
        "if unknowns",
    ),
    Removal(
        ONCE,
        "scheduling/firing.py",
        "    if run_id is None:\n        return Fired(None)\n",
        "tests/faults/test_due_once.py",
        "    run_id = run_id or 0\n",
    ),
    Removal(
        ONCE,
        "storage/migrations/versions/m0001_first_schema.py",
        "CREATE UNIQUE INDEX task_run_due",
        "tests/faults/test_due_once.py",
        "CREATE INDEX task_run_due",
    ),
    Removal(
        LATE,
        "scheduling/claims.py",
        "    leases.check(tx, epoch)\n",
        "tests/faults/test_fence.py::test_a_late_holder_claims_nothing",
    ),
    Removal(
        LATE,
        "scheduling/planner.py",
        "            leases.check(tx, epoch)\n",
        "tests/faults/test_fence.py::test_a_late_holder_fires_nothing",
    ),
    Removal(
        LATE,
        "scheduling/auditor.py",
        "            leases.check(tx, epoch)\n",
        "tests/faults/test_fence.py::test_a_late_holder_checks_and_mends_nothing",
    ),
    Removal(
        BAD_ROW,
        "scheduling/planner.py",
        "            _set_aside(tx, task, now, epoch, failed)\n",
        "tests/engine/test_tasks.py::test_a_broken_task_does_not_stop_the_others",
        "            raise failed\n",
    ),
    Removal(
        BAD_ROW,
        "scheduling/delivery.py",
        "            outcomes = dict.fromkeys(outcomes, _sender_failed(error))\n",
        "tests/engine/test_recording.py::"
        "test_a_sender_that_breaks_leaves_its_message_unknown_and_the_others_are_sent",
        "            raise\n",
    ),
    Removal(
        PAUSES,
        "scheduling/handler_notes.py",
        "if limits_all(codes, each.outcome)]",
        "tests/engine/test_pauses.py::test_please_retry_concerns_one_message_and_nobody_waits_behind_it",
        "]",
    ),
    Removal(
        PAUSES,
        "scheduling/handler_state.py",
        "        alarms = tuple(lane for lane in waiting if lane == ALERT_LANE)\n",
        "tests/engine/test_pauses.py::"
        "test_during_a_busy_pause_one_alarm_tries_every_few_seconds_and_nothing_else_does",
        "        alarms = ()\n",
    ),
    Removal(
        PAUSES,
        "scheduling/handler_state.py",
        "    return any(since is None or attempt > since for attempt in accepted_attempts)\n",
        "tests/engine/test_pauses.py::test_what_was_under_way_when_the_pause_began_does_not_end_it",
        "    return any(accepted_attempts)\n",
    ),
    Removal(
        PAUSES,
        "scheduling/claims.py",
        "            taken = self._claim(handler, lane, 1, cheap)\n",
        "tests/engine/test_pauses.py::test_a_probe_is_cheap_and_not_the_message_that_was_refused",
        "        taken = []\n",
    ),
    Removal(
        PAUSES,
        "tui/operations/handlers.py",
        "        stored.set_status(tx, handler_id, **NO_PAUSE, **well, checked_revision=None)\n",
        "tests/operations/test_handler_pauses.py::test_every_pause_ends_when_an_operator_says_go_on",
    ),
    Removal(
        ANSWERED,
        "scheduling/gateways/pairing.py",
        "        found[open_asked[0]] = open_answered[0]\n",
        "tests/gateways/test_pairing.py::test_one_asked_one_answered_is_that_verdict",
        "        pass\n",
    ),
    Removal(
        ANSWERED,
        "scheduling/gateways/pairing.py",
        "        shared = replace(left[0], gateway_id=None)\n",
        "tests/gateways/test_pairing.py::test_one_verdict_of_all_that_are_left_is_each_ones_without_an_id",
        "        pass\n",
    ),
    Removal(
        ANSWERED,
        "scheduling/gateways/unpacking.py",
        "        if len(out) > most:\n            raise TooLarge\n",
        "tests/gateways/test_packed.py::test_the_limit_is_on_what_comes_out",
    ),
    Removal(
        ANSWERED,
        "scheduling/gateways/xml_api/reading.py",
        "        place = end\n",
        "tests/gateways/test_xml_reading.py::test_a_document_type_is_passed_over",
        "        return text\n",
    ),
    Removal(
        ANSWERED,
        "scheduling/recorder.py",
        "        outbox.take_back(tx, now, unsure[-1])\n",
        "tests/engine/test_unknown.py::"
        "test_a_request_that_is_found_is_no_second_attempt_and_does_not_arrive_twice",
    ),
    Removal(
        BAD_INPUT,
        "tui/operations/sending.py",
        "    _check_length(handler, composed)\n",
        "tests/operations/test_sending.py",
    ),
    Removal(
        FACTS,
        "tui/review/kinds.py",
        "        return SIGNS[entry.kind]\n",
        "tests/operations/test_facts_and_words.py::test_the_sign_is_that_of_what_happened_whatever_names_say",
        '        return "accepted" if ": accepted" in entry.text else SIGNS[entry.kind]\n',
    ),
    Removal(
        FACTS,
        "storage/review_chain.py",
        '        content = [version, *content, row["kind"]]\n',
        "tests/storage/test_review_tampering.py::test_any_value_in_any_column_of_an_entry",
        "        content = [version, *content]\n",
    ),
    Removal(
        TAMPERED,
        "storage/review_verify.py",
        '        if row["body"] is None:\n',
        "tests/storage/test_review_tampering.py::test_a_text_taken_out_lets_nothing_else_change_in_silence",
        "        if False:\n",
    ),
    Removal(
        TAMPERED,
        "storage/review_head.py",
        "            missing = keys.names(self.key_id, self.id, self.id)\n",
        "tests/storage/test_review_tampering.py::test_a_cut_end_with_its_head_put_aside",
        "            missing = True\n",
    ),
    Removal(
        TAMPERED,
        "storage/review_verify.py",
        "    if judgement is Judgement.FORGED:\n",
        "tests/storage/test_review_tampering.py::test_a_cut_front_with_a_checkpoint_of_an_unknown_key",
        "    if False:\n",
    ),
    Removal(
        TAMPERED,
        "storage/review_head.py",
        "        return GONE if keys.end_kept else None\n",
        "tests/storage/test_review_tampering.py::test_everything_cut",
        "        return None\n",
    ),
    Removal(
        TAMPERED,
        "storage/review_verify.py",
        "        if not self.keys.names(key_id, number, number):\n",
        "tests/storage/test_review_tampering.py::test_entries_added_with_a_key_that_was_put_there",
        "        if False:\n",
    ),
    Removal(
        ECHOED,
        "scheduling/gateways/masking.py",
        "        further = _unescaped(view)\n",
        "tests/gateways/test_secrets.py::test_the_spellings_that_were_shown",
        "        further = view\n",
    ),
    Removal(
        FILES,
        "tui/operations/local_files.py",
        '            desk.require(Role.OPERATOR, "writing a file (standard output takes an export:'
        ' user export -)")\n',
        "tests/cli/test_ssh.py::test_a_viewer_writes_no_files_and_gets_exports_from_standard_output",
        "            pass\n",
    ),
    Removal(
        FILES,
        "tui/operations/local_files.py",
        '            raise Refused(f"there is no room for all of it: {MAKE_ROOM}", FIELD)\n',
        "tests/tui/test_local_files.py::test_a_quota_holds_for_all_files_together_and_leaves_what_was_there",
    ),
    Removal(
        PRINTED,
        "tui/cli/output.py",
        "table.lines([plain_str(header) for header in headers], safe, right)",
        "tests/cli/test_terminal_output.py::test_headers_and_names_of_facts_are_plain",
        "table.lines(headers, safe, right)",
    ),
    Removal(
        PRINTED,
        "tui/operations/names.py",
        "    if _STEERING.search(name):\n",
        "tests/cli/test_terminal_output.py::test_a_name_that_steers_a_terminal_is_refused",
        "    if False:\n",
    ),
    Removal(
        RESTORED,
        "storage/restore.py",
        "    found = schema_check.differences(connection, version)\n",
        "tests/storage/test_restore.py::test_a_schema_that_is_not_ours_is_refused_and_nothing_changes",
        "    found: list[str] = []\n",
    ),
    Removal(
        RESTORED,
        "storage/restore.py",
        "        if found and folder.database.exists() and not agree(found):\n",
        "tests/storage/test_restore.py::test_people_who_may_not_come_in_now_are_named_and_asked_about",
        "        if False:\n",
    ),
    Removal(
        RESTORED,
        "storage/restore.py",
        "dict.fromkeys([*own, *given])",
        "tests/storage/test_restore.py::test_a_given_key_is_never_the_first",
        "dict.fromkeys([*given, *own])",
    ),
    Removal(
        BEFORE_LOGIN,
        "storage/key_lookup.py",
        '    " WHERE o.enabled = 1 AND o.removed_at IS NULL"\n',
        "tests/ssh/test_key_lookup.py::test_only_enabled_operators_have_a_line_and_nothing_typed_is_in_it",
        '    " WHERE 1 = 1"\n',
    ),
    Removal(
        BEFORE_LOGIN,
        "storage/key_lookup.py",
        "import sqlite3\n",
        "tests/ssh/test_key_lookup.py::test_it_imports_nothing_but_what_it_needs",
        "import pathlib\nimport sqlite3\n",
    ),
    Removal(
        SMALL,
        "storage/search_words.py",
        "    if len(words) > MOST:\n",
        "tests/cli/test_review.py::test_more_words_than_a_person_types_are_refused_at_once",
        "    if False:\n",
    ),
)


def copy_program(to: Path) -> Path:
    """The program and its tests in another folder."""
    for part in COPIED:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, to / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / part)
    return to


def missed(removal: Removal, copy: Path) -> bool:
    """Whether the test fails without the line, having passed with it."""
    file = copy / removal.file
    whole = file.read_text()
    if whole.count(removal.line) != 1:
        raise SystemExit(f"{removal.file} does not hold once: {removal.line!r}")
    if _run(removal.test, copy):
        raise SystemExit(f"{removal.test} fails as it is")
    file.write_text(whole.replace(removal.line, removal.instead))
    try:
        return _run(removal.test, copy) == 1
    finally:
        file.write_text(whole)


def _run(test: str, folder: Path) -> int:
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--timeout", "100", test]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode


def main(words: Sequence[str]) -> int:
    """All of them, or those whose file or promise holds one of the words."""
    wanted = [each for each in REMOVALS if not words or any(w in each.file + each.promise for w in words)]
    with tempfile.TemporaryDirectory() as name:
        copy = copy_program(Path(name))
        unseen = 0
        for removal in wanted:
            found = missed(removal, copy)
            unseen += not found
            word = "caught by" if found else "NOT SEEN BY"
            line = removal.line.strip()
            print(f"{removal.promise}: {removal.file}, {line!r}: {word} {removal.test}", flush=True)
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How a claim and a result are written: fixed SQL, values by place. `storage/outbox.py` says what.

By SQLAlchemy the same statements took 2.5 times the processor of everything else that a message needs.
"""

from storage.sql_values import SENDING, quoted
from storage.vocabulary import MessageState, OutcomeKind

# 1 attempt, 2 now, 3 the window's end, 4 and 5 the plan, 6 and 7 the clock, 8 the message. The plan is
# fixed at the first attempt. An extra attempt comes before the planned one that stands, and uses none up;
# what stands while it is sent tells it from a planned one.
CLAIM = f"""
UPDATE message SET state = {SENDING}, attempt_id = ?1, attempts = attempts + 1,
  plan_attempts = plan_attempts + CASE WHEN next_planned_at > ?2 THEN 0 ELSE 1 END,
  last_planned_at = CASE WHEN first_attempt_at IS NULL THEN ?2 WHEN next_planned_at > ?2 THEN last_planned_at
    ELSE coalesce(next_planned_at, next_attempt_at) END,
  next_planned_at = CASE WHEN next_planned_at > ?2 THEN next_planned_at END,
  first_attempt_at = coalesce(first_attempt_at, ?2), window_closes_at = coalesce(window_closes_at, ?3),
  retry_rate = coalesce(retry_rate, ?4), stop_retrying_after = coalesce(stop_retrying_after, ?5),
  clock_boot = ?6, clock_offset = ?7
WHERE id = ?8
"""
# What has just been claimed: 1 the first attempt, 2 the last.
CLAIMED = f"message.state = {SENDING} AND message.attempt_id BETWEEN ?1 AND ?2 ORDER BY message.attempt_id"

# 1 a list of ids in JSON.
THESE = "message.id IN (SELECT value FROM json_each(?1)) ORDER BY message.id"

NEWEST_ATTEMPT = "SELECT max(id) FROM attempt"
# 1 the first attempt, 2 the last, 3 epoch, 4 instance, 5 now.
ATTEMPTS = f"""
INSERT INTO attempt (id, message_id, n, epoch, instance_id, started_at)
SELECT attempt_id, id, attempts, ?3, ?4, ?5 FROM message INDEXED BY message_sending
WHERE state = {SENDING} AND attempt_id BETWEEN ?1 AND ?2 ORDER BY attempt_id
"""
# One that already has a sure outcome keeps it.
FINISH_ATTEMPT = f"""
UPDATE attempt SET outcome = ?, finished_at = ?, http_status = ?, code = ?, error = ?, gateway_id = ?
WHERE id = ? AND (outcome IS NULL OR outcome = {quoted(OutcomeKind.UNKNOWN)})
"""

# What a step sets, whole.
CHANGEABLE = (
    "state",
    "next_attempt_at",
    "finished_at",
    "error_code",
    "error",
    "gateway_id",
    "may_arrive_twice",
    "query_first",
    "unknowns",
    "report_due_at",
    "told_by",
    "behind_since",
    "next_planned_at",
)
CHANGE = f"UPDATE message SET {', '.join(f'{name} = ?' for name in CHANGEABLE)} WHERE id = ?"
# Only while it still is as it was claimed for this attempt.
CHANGE_CLAIMED = f"{CHANGE} AND attempt_id = ? AND state = {SENDING}"

# What a delivery report said: 1 state, 2 the next one's moment, 3 how many were asked for, 4 the message.
REPORTED = f"""
UPDATE message SET state = ?, report_due_at = ?, reports_asked = ?
WHERE id = ? AND state = {quoted(MessageState.ACCEPTED)}
"""

"""SQLModel tables, one file per aggregate; the names to query them by."""

from storage.tables.alerts import (
    AlertFieldRow,
    AlertRow,
    MessageTemplateRow,
    OccurrenceEventRow,
    OccurrenceRow,
    OccurrenceStepRow,
)
from storage.tables.base import table_of
from storage.tables.handlers import HandlerRow, HandlerStatusRow
from storage.tables.holds import HeldReleaseRow, HeldRow, HoldRow, LimitPlaceRow
from storage.tables.messages import AttemptRow, MessageRow, SubmissionRow
from storage.tables.operators import OperatorKeyRow, OperatorRow
from storage.tables.review import ReviewKeyRow, ReviewRow
from storage.tables.rosters import HolidayRow, RosterCoverRow, RosterRow, RosterRuleRow
from storage.tables.site import InstanceRow, LeaseRow, SiteValueRow
from storage.tables.tasks import ActionRecipientRow, ActionRow, TaskRow, TaskRunRow
from storage.tables.users import CustomFieldRow, GroupMemberRow, GroupRow, UserRow, UserValueRow

site_values = table_of(SiteValueRow)
instances = table_of(InstanceRow)
leases = table_of(LeaseRow)
handlers = table_of(HandlerRow)
handler_statuses = table_of(HandlerStatusRow)
custom_fields = table_of(CustomFieldRow)
users = table_of(UserRow)
user_values = table_of(UserValueRow)
groups = table_of(GroupRow)
group_members = table_of(GroupMemberRow)
submissions = table_of(SubmissionRow)
messages = table_of(MessageRow)
attempts = table_of(AttemptRow)
tasks = table_of(TaskRow)
task_runs = table_of(TaskRunRow)
actions = table_of(ActionRow)
action_recipients = table_of(ActionRecipientRow)
reviews = table_of(ReviewRow)
review_keys = table_of(ReviewKeyRow)
alerts = table_of(AlertRow)
alert_fields = table_of(AlertFieldRow)
occurrences = table_of(OccurrenceRow)
occurrence_events = table_of(OccurrenceEventRow)
occurrence_steps = table_of(OccurrenceStepRow)
message_templates = table_of(MessageTemplateRow)
operators = table_of(OperatorRow)
operator_keys = table_of(OperatorKeyRow)
rosters = table_of(RosterRow)
roster_rules = table_of(RosterRuleRow)
roster_covers = table_of(RosterCoverRow)
holidays = table_of(HolidayRow)
holds = table_of(HoldRow)
held = table_of(HeldRow)
held_releases = table_of(HeldReleaseRow)
limit_places = table_of(LimitPlaceRow)

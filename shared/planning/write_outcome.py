"""Compares the roster that a run is to leave with the base, and writes down what differs."""

from collections.abc import Callable
from pathlib import Path

from shared.domain.roster.collection import Collection
from shared.domain.run.counts import Counts
from shared.domain.run.run import Notice
from shared.planning import change_and_hold_lists, compare, error_report, notices
from shared.planning.build_result import ResultBuilder
from shared.planning.columns import SNAPSHOT_COLUMNS, names, table
from shared.planning.duckdb_connection import Connection
from shared.planning.expired_records import find_new_ends
from shared.planning.plan import NOT_STAGED, PlanInput, PlanOutcome
from shared.planning.proposals import write_proposals
from shared.planning.waiting import list_waiting


def write_outcome(
    given: PlanInput,
    result: ResultBuilder,
    connection: Connection,
    directory: Path,
    begin_step: Callable[[str], None],
) -> PlanOutcome:
    """Find the changes of all collections; write the snapshot, the reports and the lists."""
    counts: Counts = {}
    snapshot: dict[Collection, Path] = {}
    proposed: dict[Collection, Path] = {}
    changed: dict[Collection, int] = {}
    pending = largest = 0
    list_waiting(connection, "waiting", "result", "proposed")
    found = error_report.collections_found(connection)
    for collection in Collection:
        begin_step(collection.entity)
        # If changes were dirty, ``base_…`` differs from the snapshot already.
        differs = (
            collection not in given.base
            or collection in result.dirty
            or compare.differs_from_base(connection, collection)
        )
        changed[collection] = compare.find_changes(
            connection,
            collection,
            differs=differs,
            everything=given.rewrites_everything,
            dirty=collection in result.dirty,
            new_ends=find_new_ends(
                connection, collection, given.base_retention, given.config.retention
            ),
        )
        if collection.value in found:
            file = given.staged.get(collection, NOT_STAGED).said.file
            error_report.complete_findings(connection, collection, file)
        left_out = result.exceptions.left_out[collection]
        compared = compare.count(connection, collection, changed[collection], left_out)
        counts[collection.entity] = compared.counts
        pending += compared.pending
        largest = max(largest, compared.rows)
        if differs or collection in result.expired:
            snapshot[collection] = write_snapshot(connection, collection, directory)
        if proposals := write_proposals(connection, collection, directory):
            proposed[collection] = proposals
    if given.survey is not None:
        unknown = result.unknown if given.base or given.base_run is None else None
        written = sum(changed.values())
        result.notices.append(notices.table_surveyed(given.base_run, unknown, written))
    elif pending and not given.mode.deletes:
        result.notices.append(notices.pending(pending))
    begin_step("report")
    report, summary = directory / "errors.csv", directory / "summary.json"
    change_list, hold_list = directory / "changes.csv", directory / "hold.csv"
    hold_summary = directory / "hold.json"
    change_and_hold_lists.write_change_list(
        connection, change_list, [c for c in Collection if changed[c]]
    )
    error_report.write_report(connection, report)
    error_report.write_summary(connection, summary)
    hold = change_and_hold_lists.write_waiting_list(connection, hold_list, hold_summary, kept=False)
    if hold is not None and result.reason is not None:
        # The run's own reason will be the hold.
        result.notices.append(Notice(code=result.reason.code, message=result.reason.message))
    kept_list, kept_summary = directory / "kept.csv", directory / "kept.json"
    return PlanOutcome(
        counts=counts,
        notices=tuple(result.notices),
        reason=result.reason,
        changes=sum(changed.values()),
        snapshot=snapshot,
        proposed=proposed,
        largest=largest,
        report=report,
        summary=summary,
        warnings=error_report.count_warnings(connection),
        rejected_shares=error_report.rejected_shares(connection, roles=result.has_roles),
        change_list=change_list,
        hold=hold,
        hold_list=hold_list,
        hold_summary=hold_summary,
        kept=change_and_hold_lists.write_waiting_list(
            connection, kept_list, kept_summary, kept=True
        ),
        kept_list=kept_list,
        kept_summary=kept_summary,
    )


def write_snapshot(connection: Connection, collection: Collection, directory: Path) -> Path:
    """Write the rows of ``result_…`` as a Parquet file."""
    path = directory / f"{collection.name.lower()}.parquet"
    connection.execute(
        f"COPY (SELECT {names(SNAPSHOT_COLUMNS[collection])} "
        f"FROM {table('result', collection)}) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return path

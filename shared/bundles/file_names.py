"""The names of a bundle's files, as the standard spells them (CSV binding, table 3)."""

ROSTERING = (
    "manifest", "academicSessions", "orgs", "courses", "classes", "users", "roles", "userProfiles",
    "enrollments", "demographics",
)  # fmt: skip
OTHER_SERVICES = (
    "categories", "classResources", "courseResources", "lineItemLearningObjectiveIds",
    "lineItemScoreScales", "lineItems", "resources", "resultLearningObjectiveIds",
    "resultScoreScales", "results", "scoreScales", "userResources",
)  # fmt: skip
"""Files of the gradebook and resources services: known, but skipped."""

SPELLING = {name.casefold(): name for name in (*ROSTERING, *OTHER_SERVICES)}
MISSPELT = {"courseresourses": "courseresources"}
"""A spelling mistake that occurs once in the standard's own text."""

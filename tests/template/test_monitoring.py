"""The nested stack with alarms and dashboard: what it is given, and what it is called.

What the alarms ring for is in test_alarms, what the dashboard shows in test_operations.
"""

from tests.template.processed import Template, processed, processed_monitoring

# A nested stack takes no more (AWS CloudFormation quotas).
MOST_PARAMETERS = 200
OWN = {"Stack": {"Ref": "AWS::StackName"}, "Platform": {"Ref": "Platform"}}
WATCHED = ("SQS::Queue", "Lambda::Function", "DynamoDB::Table")


def test_it_is_given_the_name_of_each_resource_that_it_watches(template: Template) -> None:
    # !Ref of a queue is its URL, and no metric has a URL as its dimension.
    given = processed()["Resources"]["Monitoring"]["Properties"]["Parameters"]
    queues = template.of_type("SQS::Queue")
    names = {
        name: {"Fn::GetAtt": [name, "QueueName"]} if name in queues else {"Ref": name}
        for name in given.keys() - OWN.keys()
    }
    assert given == OWN | names
    assert given.keys() == processed_monitoring()["Parameters"].keys()
    assert len(given) <= MOST_PARAMETERS


def test_every_queue_function_and_table_is_given_to_it(template: Template) -> None:
    given = template["Monitoring"]["Parameters"].keys()
    for kind in WATCHED:
        assert template.of_type(kind).keys() <= given
    rules = template.of_type("Events::Rule").items()
    assert {name for name, rule in rules if "EventPattern" in rule} <= given


def test_it_needs_nothing_that_a_deployment_must_allow(template: Template) -> None:
    # A transform in a nested stack asks for CAPABILITY_AUTO_EXPAND, a role for CAPABILITY_IAM.
    assert "Transform" not in processed_monitoring()
    kinds = {each["Type"] for each in template.monitoring.resources.values()}
    assert kinds == {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}


def test_no_name_is_one_that_an_older_version_has_in_the_main_stack(template: Template) -> None:
    # The main stack deletes what it no longer has after this one is there: by name, it would delete
    # the new alarm with the old one.
    for name, alarm in template.monitoring.of_type("CloudWatch::Alarm").items():
        expected = "${Stack}-monitoring-" + name.removesuffix("Alarm")
        assert alarm["AlarmName"] == {"Fn::Sub": expected}
    dashboard = template.monitoring["Dashboard"]
    assert dashboard["DashboardName"] == {"Fn::Sub": "${Stack}-monitoring"}


def test_the_topic_outlives_it(template: Template) -> None:
    # Whoever has confirmed a subscription need not do so again.
    assert set(template.of_type("SNS::Topic")) == {"OperatorsTopic"}
    subscribed = Template(OperatorEmail="ops@example.org")["OperatorSubscription"]
    assert subscribed["TopicArn"] == {"Ref": "OperatorsTopic"}


def test_the_emulator_gets_the_dashboard_alone() -> None:
    # It knows neither alarms on expressions nor the metrics of SQS.
    assert set(Template(Platform="emulator").monitoring.resources) == {"Dashboard"}

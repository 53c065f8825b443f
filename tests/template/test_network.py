"""The optional fixed address. The emulator has no networks."""

from typing import Any

import pytest

from shared.domain.group.public_addresses import host_is_public
from tests.template.processed import Template, processed, target

SPEAKING = {"SyncApiFunction", "SyncSftpFunction", "CallWebhookFunction"}
"""The functions that call other people's servers. The first two also test connections."""


def _in_network(template: Template) -> set[str]:
    return {
        name
        for name, function in template.of_type("Lambda::Function").items()
        if "VpcConfig" in function
    }


def _network(template: Template) -> list[str]:
    return sorted(
        name
        for name, resource in template.resources.items()
        if resource["Type"].startswith("AWS::EC2::")
    )


@pytest.fixture(scope="module", params=["one", "two"])
def template(request: pytest.FixtureRequest) -> Template:
    return Template(FixedAddress=request.param)


def test_by_default_there_is_no_network_and_no_cost() -> None:
    template = Template()
    assert _network(template) == []
    assert _in_network(template) == set()
    assert "FixedAddresses" not in template.outputs
    assert not [s for _, s in template.statements() if s["Action"].startswith("ec2:")]


def test_functions_that_decrypt_secrets_call_from_the_network(template: Template) -> None:
    """The functions that may decrypt secrets are exactly those that call other people's servers."""
    may_decrypt = {role for role, s in template.statements() if s["Action"] == "kms:Decrypt"}
    functions = template.of_type("Lambda::Function").items()
    assert {name for name, each in functions if target(each["Role"]) in may_decrypt} == SPEAKING
    assert _in_network(template) == SPEAKING


def test_there_are_two_zones_each_with_a_route_out(template: Template) -> None:
    [config] = [
        config
        for name in SPEAKING
        if (config := template[name]["VpcConfig"]) == template["SyncApiFunction"]["VpcConfig"]
    ][:1]
    subnets = [target(each) for each in config["SubnetIds"]]
    assert len({str(template[each]["AvailabilityZone"]) for each in subnets}) == 2
    ways = _ways(template)
    for subnet in subnets:
        nat = ways[subnet]["NatGatewayId"]
        public = target(template[nat]["SubnetId"])
        # The NAT gateway itself is in a public subnet.
        assert ways[public]["GatewayId"] == "InternetGateway"
        assert target(template[nat]["AllocationId"]) in template.of_type("EC2::EIP")


def _ways(template: Template) -> dict[str, dict[str, str]]:
    """Find the gateways of the default route of each subnet."""
    routes = {
        target(route["RouteTableId"]): {
            key: target(value) for key, value in route.items() if key.endswith("GatewayId")
        }
        for route in template.of_type("EC2::Route").values()
        if route["DestinationCidrBlock"] == "0.0.0.0/0"
    }
    return {
        target(each["SubnetId"]): routes[target(each["RouteTableId"])]
        for each in template.of_type("EC2::SubnetRouteTableAssociation").values()
    }


@pytest.mark.parametrize(("asked", "addresses"), [("one", 1), ("two", 2)])
def test_there_are_as_many_addresses_as_requested(asked: str, addresses: int) -> None:
    template = Template(FixedAddress=asked)
    made = template.of_type("EC2::EIP")
    assert len(made) == len(template.of_type("EC2::NatGateway")) == addresses
    used = {way["NatGatewayId"] for way in _ways(template).values() if "NatGatewayId" in way}
    assert used == template.of_type("EC2::NatGateway").keys()
    said = str(template.outputs["FixedAddresses"])
    assert all(name in said for name in made)
    # Other people's firewalls name these addresses.
    for name in made:
        resource = template.resources[name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_calls_go_out_to_any_port_and_none_come_in(template: Template) -> None:
    [group] = template.of_type("EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group
    [out] = group["SecurityGroupEgress"]
    # Schools choose the ports of SFTP and REST.
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 0, 65535)


def test_objects_and_tables_are_reached_through_free_endpoints(template: Template) -> None:
    private = {target(each) for each in template["ObjectsEndpoint"]["RouteTableIds"]}
    assert private == {"PrivateRoutesOne", "PrivateRoutesTwo"}
    for name, service, own in (
        ("ObjectsEndpoint", "s3", "DataBucket"),
        ("TablesEndpoint", "dynamodb", "ControlTable"),
    ):
        endpoint = template[name]
        # This kind is free; interface endpoints cost money by the hour and zone.
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert endpoint["ServiceName"]["Fn::Sub"] == f"com.amazonaws.${{AWS::Region}}.{service}"
        [statement] = endpoint["PolicyDocument"]["Statement"]
        assert {target(each) for each in statement["Resource"]} == {own}
    # The three functions use no other table, either.
    roles = {target(template[name]["Role"]) for name in SPEAKING}
    tables = {
        target(s["Resource"])
        for role, s in template.statements()
        if role in roles and s["Action"].startswith("dynamodb:")
    }
    assert tables == {"ControlTable"}


def test_lambda_may_manage_interfaces_and_the_code_may_not(template: Template) -> None:
    roles = {target(template[name]["Role"]) for name in SPEAKING}
    of_ec2 = [(role, s) for role, s in template.statements() if s["Action"].startswith("ec2:")]
    assert {role for role, _ in of_ec2} == roles
    denied = [s for _, s in of_ec2 if s["Effect"] == "Deny"]
    assert len(denied) == len(roles)
    for statement in denied:
        assert statement["Action"] == "ec2:*"
        assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}
    allowed = {s["Action"] for _, s in of_ec2 if s["Effect"] == "Allow"}
    assert allowed == {
        f"ec2:{action}"
        for action in (
            "AssignPrivateIpAddresses",
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "UnassignPrivateIpAddresses",
        )
    }


def test_an_existing_network_can_be_used() -> None:
    own = {"VpcSubnetIds": "subnet-1,subnet-2", "VpcSecurityGroupIds": "sg-1"}
    template = Template(FixedAddress="existing", **own)
    assert _network(template) == []
    assert _in_network(template) == SPEAKING
    config = template["SyncSftpFunction"]["VpcConfig"]
    assert config == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert "FixedAddresses" not in template.outputs


def test_an_existing_network_must_be_named() -> None:
    document = processed()
    rule = document["Rules"]["ExistingNetwork"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "FixedAddress"}, "existing"]}
    refused: dict[str, Any] = {}
    for each in rule["Assertions"]:
        [named, placeholder] = each["Assert"]["Fn::Not"][0]["Fn::Contains"]
        refused[named["Ref"]] = placeholder
    assert refused == {
        name: document["Parameters"][name]["Default"]
        for name in ("VpcSubnetIds", "VpcSecurityGroupIds")
    }


def test_no_source_inside_the_network_is_called() -> None:
    """A source with an address inside the network is refused before it is called."""
    block = Template(FixedAddress="one")["SourcesNetwork"]["CidrBlock"]
    assert not host_is_public(block.partition("/")[0])

"""Records of a project reach a server when there is one, and wait for it when there is none."""

from syncropel.testing import LoopbackServer


def test_records_wait_and_then_arrive(swarmcode) -> None:
    """What was spooled without a server is sent to the first that is named, once, in order."""
    assert swarmcode("ingest").code == 0
    trail = swarmcode("show", "--trail", "--json").data
    with LoopbackServer() as server:
        to = ("--set", f"provenance.endpoint={server.url}")
        assert swarmcode("ingest", *to).code == 0
        assert swarmcode("ingest", *to).code == 0
        arrived = server.kernel.store.records_in(trail["thread"])
    assert [record["id"] for record in arrived] == [kept["id"] for kept in trail["records"]]


def test_a_server_that_is_away_stops_nobody(swarmcode) -> None:
    """The step is done and recorded; the records stay in the spool."""
    answer = swarmcode("ingest", "--set", "provenance.endpoint=http://127.0.0.1:9")
    assert answer.code == 0
    assert len(swarmcode("show", "--trail", "--json").data["records"]) == 2

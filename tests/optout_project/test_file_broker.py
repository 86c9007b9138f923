"""The embedded broker: a file without a message in it costs one hint, no worker."""

from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from optout_project import file_broker


@pytest.fixture
def broker(tmp_path: Path) -> Connection:
    file_broker.install()
    folders = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    options = {**folders, "control_folder": str(tmp_path / "control")}
    return Connection("filesystem://", transport_options=options)


@pytest.mark.parametrize("torn", [b"", b'{"body": "W1tdL', b"\xff\xfe\x00"])
def test_a_torn_hint_is_passed_over(
    broker: Connection, tmp_path: Path, torn: bytes
) -> None:
    name = tmp_path.name  # the transport knows a queue's folder by its name alone
    with broker, broker.SimpleQueue(name) as queue:
        (tmp_path / f"0_torn.{name}.msg").write_bytes(torn)
        queue.put("look")
        message = queue.get(timeout=5)
        assert message.payload == "look"
        message.ack()
        with pytest.raises(Empty):
            queue.get_nowait()
        assert list(tmp_path.glob("*.msg")) == []

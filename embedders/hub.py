"""Whether the model hub can be reached."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import getproxies

TIMEOUT = 3.0  # seconds


def only_local(model: str) -> bool:
    """Whether a model can only be loaded from this machine's disk; the value for ``local_files_only``.

    True for a name on the hub while the hub cannot be reached, because the hub's client would retry each file for
    a minute or more. Behind a proxy this cannot be checked, and the client has to find out.
    """
    if Path(model).exists():
        return False
    from huggingface_hub import constants

    address = urlparse(constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE or getproxies().get(address.scheme):
        return constants.HF_HUB_OFFLINE
    try:
        socket.create_connection((address.hostname, address.port or 443), timeout=TIMEOUT).close()
    except OSError:
        return True
    return False

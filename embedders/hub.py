"""Whether the model hub can be reached."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import getproxies

SECONDS = 3.0


def only_local(model: str) -> bool:
    """Whether a model can only be loaded from this machine's disk: for ``local_files_only``.

    True for the hub's names while the hub cannot be reached; its client would try again for a minute or more for
    each file. Behind a proxy the client itself has to find out.
    """
    if Path(model).exists():
        return False
    from huggingface_hub import constants

    address = urlparse(constants.ENDPOINT)
    if constants.HF_HUB_OFFLINE or getproxies().get(address.scheme):
        return constants.HF_HUB_OFFLINE
    try:
        socket.create_connection((address.hostname, address.port or 443), timeout=SECONDS).close()
    except OSError:
        return True
    return False

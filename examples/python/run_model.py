#!/usr/bin/python3
"""Uploads, runs and deletes models on a BlindAI server, with nothing but requests and cryptography.

This script verifies no evidence itself. `blindai verify HOST --manifest manifest.toml --write-cert server.pem`
does, and writes the certificate that the evidence vouches for. Here that one certificate is pinned: a server
with any other gets no byte of a request. A server that was started anew has a new one; verify it again.

    run_model.py localhost --cert server.pem upload chest-xray.onnx
    run_model.py localhost --cert server.pem run MODEL_ID patient.json
    run_model.py localhost --cert server.pem delete MODEL_ID
"""

import argparse
import json
import os
import ssl
import struct
import sys

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from requests.adapters import HTTPAdapter

# The name in every server's certificate, wherever it runs.
SERVER_NAME = "blindai-srv"

# Datatype: its name on the wire, and how struct packs an element.
DATATYPES = {
    "FP32": ("F32", "f"),
    "FP64": ("F64", "d"),
    "INT8": ("I8", "b"),
    "INT16": ("I16", "h"),
    "INT32": ("I32", "i"),
    "INT64": ("I64", "q"),
    "UINT8": ("U8", "B"),
    "UINT16": ("U16", "H"),
    "UINT32": ("U32", "I"),
    "UINT64": ("U64", "Q"),
    "BOOL": ("Bool", "?"),
}


class ServerError(Exception):
    """The server refused: its code and sentence."""


class PinnedAdapter(HTTPAdapter):
    """Connects to the server that has one certificate, over TLS 1.3, and to nobody else."""

    def __init__(self, pem):
        self._certificate = x509.load_pem_x509_certificate(pem)
        super().__init__()

    def init_poolmanager(self, *args, **options):
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(cadata=der)
        super().init_poolmanager(
            *args,
            ssl_context=context,
            server_hostname=SERVER_NAME,
            # The very certificate: not one that it might have signed, nor one of an authority.
            assert_fingerprint=self._certificate.fingerprint(hashes.SHA256()).hex(),
            **options,
        )


class Server:
    """A verified server: what the original client's connection object was."""

    def __init__(self, host, pem, attested_port=9924, management_port=9925, owner_token=None):
        self._attested = f"https://{host}:{attested_port}"
        self._management = f"https://{host}:{management_port}"
        self._owner = {} if owner_token is None else {"Blindai-Owner-Token": owner_token}
        self._session = requests.Session()
        # No proxies, certificate bundles or passwords of the environment's.
        self._session.trust_env = False
        self._session.mount("https://", PinnedAdapter(pem))

    def upload_model(self, path, name=None, optimize=True):
        """Sends an ONNX file; returns its id and its SHA-256 in hex."""
        length = os.path.getsize(path)
        tail = {"length": length, "model_name": name or os.path.basename(path), "optimize": optimize}

        def body(model):
            yield encode_head(5, 1 + len(tail)) + encode("model") + encode_head(2, length)
            while chunk := model.read(1 << 20):
                yield chunk
            for key, value in tail.items():
                yield encode(key) + encode(value)

        with open(path, "rb") as model:
            reply = self._post(f"{self._management}/upload", body(model), self._owner)
        return reply["model_id"], reply["hash"].hex()

    def run_model(self, model_id, inputs):
        """Runs a model on tensors, by name or in a list; returns its outputs in their order."""
        named = inputs.items() if isinstance(inputs, dict) else ((None, each) for each in inputs)
        request = {
            "model_id": model_id,
            "model_hash": "",
            "inputs": [pack_tensor(name, tensor) for name, tensor in named],
        }
        reply = self._post(f"{self._attested}/run", encode(request), {})
        return [unpack_tensor(output) for output in reply["outputs"]]

    def delete_model(self, model_id):
        """Takes a model back."""
        self._post(f"{self._management}/delete", encode({"model_id": model_id}), self._owner)

    def _post(self, url, body, headers):
        response = self._session.post(url, data=body, headers=headers, timeout=300, allow_redirects=False)
        if not response.ok:
            code = response.headers.get("Blindai-Error")
            raise ServerError(decode(response.content) if code else f"status {response.status_code}")
        return decode(response.content) if response.content else None


def pack_tensor(name, tensor):
    """A tensor as it travels. It is nested lists, then FP32, or {"datatype", "data", "shape"?}."""
    if not isinstance(tensor, dict):
        tensor = {"data": tensor}
    datatype = tensor.get("datatype", "FP32")
    if datatype not in DATATYPES:
        raise ValueError(f"a datatype must be one of {', '.join(DATATYPES)}")
    datum_type, element = DATATYPES[datatype]
    shape, flat = flatten(tensor["data"])
    shape = tensor.get("shape", shape)
    return {
        "info": {"fact": shape, "datum_type": datum_type, "node_name": name},
        "bytes_data": struct.pack(f"<{len(flat)}{element}", *flat),
    }


def unpack_tensor(output):
    """The tensor that travelled: its name, datatype, shape, and elements row by row."""
    info, data = output["info"], output["bytes_data"]
    datatype, element = next(
        (name, element) for name, (wire, element) in DATATYPES.items() if wire == info["datum_type"]
    )
    flat = struct.unpack(f"<{len(data) // struct.calcsize(f'<{element}')}{element}", data)
    return {"name": info["node_name"], "datatype": datatype, "shape": info["fact"], "data": list(flat)}


def flatten(data):
    """The shape of nested lists, and all of their elements in one."""
    if not isinstance(data, list):
        return [], [data]
    parts = [flatten(each) for each in data]
    if any(shape != parts[0][0] for shape, _ in parts):
        raise ValueError("nested lists must have the same length at each depth")
    shape = parts[0][0] if parts else []
    return [len(data), *shape], [element for _, flat in parts for element in flat]


def encode_head(major, number):
    """The head of a CBOR item (RFC 8949): its major type, and a length or the number itself."""
    if number < 24:
        return bytes([major << 5 | number])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | extra]) + number.to_bytes(size, "big")
    raise ValueError("a number of more than 64 bits")


def encode(value):
    """A value as CBOR, of the kinds that BlindAI's messages have."""
    if value is None or isinstance(value, bool):
        return bytes([{None: 0xF6, True: 0xF5, False: 0xF4}[value]])
    if isinstance(value, int):
        return encode_head(0, value)
    if isinstance(value, bytes):
        return encode_head(2, len(value)) + value
    if isinstance(value, str):
        return encode_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return encode_head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return encode_head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    raise TypeError(f"no CBOR for {type(value).__name__}")


def decode(message):
    """The value of a CBOR message, of the same kinds and nothing else."""

    def take(count):
        nonlocal at
        at += count
        if at > len(message):
            raise ValueError("the reply ends too early")
        return message[at - count : at]

    def item():
        head = take(1)[0]
        if head in (0xF4, 0xF5, 0xF6):
            return {0xF4: False, 0xF5: True, 0xF6: None}[head]
        major, number = head >> 5, head & 31
        if number > 27 or major not in (0, 2, 3, 4, 5):
            raise ValueError("the reply has a CBOR item of a kind that no BlindAI message has")
        if number > 23:
            number = int.from_bytes(take(1 << number - 24), "big")
        if major == 0:
            return number
        if major == 2:
            return take(number)
        if major == 3:
            return take(number).decode()
        if major == 4:
            return [item() for _ in range(number)]
        pairs = [(item(), item()) for _ in range(number)]
        if len({key for key, _ in pairs if isinstance(key, str)}) != number:
            raise ValueError("the reply has a key twice, or one that is no text")
        return dict(pairs)

    at = 0
    value = item()
    if at != len(message):
        raise ValueError("the reply has more after its end")
    return value


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    options = argparse.ArgumentParser(description="Upload, run and delete models on a verified BlindAI server.")
    options.add_argument("host", help="the server")
    options.add_argument("--cert", required=True, help="what blindai verify --write-cert wrote")
    options.add_argument("--attested-port", type=int, default=9924)
    options.add_argument("--management-port", type=int, default=9925)
    options.add_argument("--owner-token-file", help="upload and delete as its owner; else as anybody")
    commands = options.add_subparsers(dest="command", required=True)
    commands.add_parser("upload", help="print the id of a model").add_argument("model", help="an ONNX file")
    run = commands.add_parser("run", help="print the outputs as JSON")
    run.add_argument("model", help="its id")
    run.add_argument("inputs", help="tensors as JSON: an object of them by name, or a list")
    commands.add_parser("delete", help="take a model back").add_argument("model", help="its id")
    given = options.parse_args()
    try:
        token = given.owner_token_file and read(given.owner_token_file).decode().strip()
        server = Server(given.host, read(given.cert), given.attested_port, given.management_port, token)
        if given.command == "upload":
            print(server.upload_model(given.model)[0])
        elif given.command == "run":
            print(json.dumps({"outputs": server.run_model(given.model, json.loads(read(given.inputs)))}))
        else:
            server.delete_model(given.model)
    except (OSError, ValueError, OverflowError, struct.error, ServerError) as error:
        sys.exit(f"run_model.py: {error}")


if __name__ == "__main__":
    main()

"""IPFS: content ids and CAR files made here, and a node's HTTP API where there is one."""

from .car import Car, cid_bytes, cid_text, file_of, folder_of, root_of, write_car, write_car_file
from .node import IPFSClient

__all__ = [
    "Car",
    "IPFSClient",
    "cid_bytes",
    "cid_text",
    "file_of",
    "folder_of",
    "root_of",
    "write_car",
    "write_car_file",
]

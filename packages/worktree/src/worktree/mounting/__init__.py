"""The published interfaces of storage, and the published mounter."""

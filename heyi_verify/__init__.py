"""离线校验合医账本的导出文件。 Verifies an exported book of Heyi offline.

Written from docs/ledger-format.md alone: it imports nothing of the system that wrote the export.
"""

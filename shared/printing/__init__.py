"""Printed papers: pages as PDF in an open font that is embedded, so that every printer shows the same characters."""

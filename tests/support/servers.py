"""Small HTTP servers inside the test process."""

from http.server import ThreadingHTTPServer


class StandInServer(ThreadingHTTPServer):
    """Takes as many at once as a test sends; the library's queue of five lets a sixth knock again after a second."""

    request_queue_size = 128

"""Worker processes of the studio, and the protocol between them and the server."""

"""kubernetes_api.py FOLDER: stands in for a cluster's API server on loopback, as far as spark-submit asks it: takes what is created,
gives it a uid, and writes it to FOLDER/KIND-NAME.json. Prints its address, then serves until it is killed."""

import json
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = None
    kept = {}

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        found = self.kept.get(urlsplit(self.path).path)
        if found:
            self.answer(200, found)
        else:
            self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404})

    def keep(self):
        created = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path
        name = created["metadata"]["name"]
        if self.command == "POST":
            path = f"{path}/{name}"
        (self.folder / f"{created['kind']}-{name}.json").write_text(json.dumps(created, indent=1))
        created["metadata"]["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, path))
        self.kept[path] = created
        self.answer(201 if self.command == "POST" else 200, created)

    do_POST = do_PUT = do_PATCH = keep

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Api.folder = Path(sys.argv[1])
    Api.folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()

"""The stand-in's requests. /v1/… is the service, /_control is how a test or a person tells it what to do."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.supplier.books import Books, Refused, Row, shown
from sandbox.supplier.faults import Faults
from sandbox.supplier.hooks import tell

PAGE = 4
ORDERS_PAGE = 50


class Hangup(Exception):
    """The connection ends without an answer."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, books: Books) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.books = books
        self.faults = Faults()
        self.hook: Row = {}
        self.requests: dict[str, int] = {}


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Quiet: what was asked stands in /_control."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        try:
            if parts.path == "/_control":
                status, body = self._control(method, raw)
            else:
                status, body = self._service(method, parts.path, asked, raw)
        except Hangup:
            self.close_connection = True
            self.connection.close()
            return
        except Refused as refusal:
            status, body = refusal.status, {"error": {"code": refusal.code, "message": refusal.message}}
        except (ValueError, KeyError, TypeError) as error:
            status, body = 400, {"error": {"code": "bad_request", "message": str(error)[:200]}}
        self.server.books.keep()
        self._answer(status, body)

    def _answer(self, status: int, body: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    # --- the service ---------------------------------------------------------------------------------------------
    def _service(self, method: str, path: str, asked: dict[str, str], raw: bytes) -> tuple[int, Any]:
        secret = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if secret not in self.server.books.keys:
            raise Refused(401, "unauthorized", "this key isn't known")
        match method, path.strip("/").split("/"):
            case "GET", ["v1", "account"]:
                self._trouble("account")
                books = self.server.books
                return 200, {"balance_minor": books.balance_minor, "currency": books.currency}
            case "GET", ["v1", "products"]:
                return self._products(asked)
            case "POST", ["v1", "orders"]:
                return self._place(json.loads(raw))
            case "GET", ["v1", "orders"]:
                return self._found(asked["reference"]) if "reference" in asked else self._listed(asked)
            case "GET", ["v1", "orders", name, "codes"]:
                return self._codes(name)
        raise Refused(404, "not_found")

    def _trouble(self, where: str) -> str:
        """Let the fault of this request happen, as far as it is the same everywhere; its name for what isn't."""
        self.server.requests[where] = self.server.requests.get(where, 0) + 1
        name = self.server.faults.next(where)
        match name:
            case "slow":
                time.sleep(self.server.faults.slow_seconds)
            case "silent_before":
                raise Hangup
            case "error_before":
                raise Refused(503, "unavailable", "not now")
            case "busy":
                raise Refused(429, "too_many_requests")
        return name

    def _products(self, asked: dict[str, str]) -> tuple[int, Any]:
        trouble = self._trouble("products")
        with self.server.books.lock:
            all_of_them = list(self.server.books.products.values())
        begin = int(asked.get("cursor", 0))
        after = str(begin + PAGE) if begin + PAGE < len(all_of_them) else None
        page = {"products": all_of_them[begin : begin + PAGE], "next": after, "total": len(all_of_them)}
        return 200, json.dumps(page).encode()[:40] if trouble == "garbled" else page

    def _place(self, wanted: Row) -> tuple[int, Any]:
        trouble = self._trouble("place")
        books = self.server.books
        for name in ("out_of_stock", "no_funds"):
            if trouble == name:
                raise Refused(*{"out_of_stock": (409, "out_of_stock"), "no_funds": (402, "insufficient_balance")}[name])
        with books.lock:
            status, order = books.place(wanted)
            if trouble == "doubled" and status == 201:
                books.commit(wanted)
            if trouble == "fails_later" and status == 201:
                books.fail(order, "the brand withdrew it")
            told = shown(order)
        tell(self.server.hook, order)
        match trouble:
            case "silent_after_commit":
                raise Hangup
            case "error_after_commit":
                return 502, {"error": {"code": "bad_gateway", "message": "the door fell shut"}}
            case "garbled":
                return 200, json.dumps(told).encode()[:-9]
        return status, told

    def _found(self, reference: str) -> tuple[int, Any]:
        trouble = self._trouble("find")
        if trouble == "not_there":
            return 200, {"orders": []}
        books = self.server.books
        with books.lock:
            found = [shown(books.look(each)) for each in books.orders.values() if each["reference"] == reference]
        return 200, json.dumps({"orders": found}).encode()[:15] if trouble == "garbled" else {"orders": found}

    def _listed(self, asked: dict[str, str]) -> tuple[int, Any]:
        self._trouble("orders")
        books = self.server.books
        with books.lock:
            rows = [each for each in books.orders.values() if asked["from"] <= each["at"] < asked["to"]]
            begin = int(asked.get("cursor", 0))
            page = [shown(each) for each in rows[begin : begin + ORDERS_PAGE]]
        after = str(begin + ORDERS_PAGE) if begin + ORDERS_PAGE < len(rows) else None
        return 200, {"orders": page, "next": after}

    def _codes(self, name: str) -> tuple[int, Any]:
        trouble = self._trouble("codes")
        books = self.server.books
        with books.lock:
            order = books.orders.get(name)
            if order is None:
                raise Refused(404, "not_found")
            if order["state"] != "delivered":
                raise Refused(409, "not_ready")
            item = {"code": order["code"], "pin": order["pin"], "expires_on": order.get("expires_on")}
            others = [each for each in books.orders.values() if each is not order and each["state"] == "delivered"]
            match trouble:
                case "wrong_code" if others:
                    return 200, {"order": others[0]["id"], "codes": [{"code": others[0]["code"]}]}
                case "same_code" if others:
                    item["code"] = others[0]["code"]
                case "empty_code":
                    item["code"] = ""
        return 200, {"order": name, "codes": [item]}

    # --- what it is told -----------------------------------------------------------------------------------------
    def _control(self, method: str, raw: bytes) -> tuple[int, Any]:
        """GET: everything it knows, codes included. POST: any of faults, products, balance_minor, deliver_after, …"""
        books = self.server.books
        with books.lock:
            if method == "POST":
                self._told(json.loads(raw))
            return 200, {
                "orders": list(books.orders.values()),
                "products": list(books.products.values()),
                "balance_minor": books.balance_minor,
                "faults_met": self.server.faults.met,
                "requests": self.server.requests,
            }

    def _told(self, told: Row) -> None:
        books = self.server.books
        if "faults" in told:
            self.server.faults.set(told["faults"])
        for name, changes in told.get("products", {}).items():
            if changes is None:
                books.products.pop(name, None)
            else:
                books.products[name] = {**books.products.get(name, {"id": name}), **changes}
        for name in ("balance_minor", "deliver_after"):
            if name in told:
                setattr(books, name, int(told[name]))
        if "keys" in told:
            books.keys = set(told["keys"])
        if "hook" in told:
            self.server.hook = told["hook"]
        if told.get("forget_orders"):
            books.orders.clear()
            self.server.requests.clear()
        for name, changes in told.get("orders", {}).items():
            books.orders[name].update(changes)
        for wanted in told.get("commit", ()):
            books.commit(wanted)

"""Drives the Stripe double with Stripe's official package for Python, which is not modified.

Started by `cargo xtask test --only stripe`.
"""

import json
import os
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import stripe

URL = os.environ["STRIPE_URL"]
client = stripe.StripeClient(os.environ["STRIPE_KEY"], base_addresses={"api": URL})


def control(control_name, /, **given):
    """Runs a control of the double."""
    body = json.dumps(given).encode()
    with urllib.request.urlopen(f"{URL}/_double/{control_name}", data=body) as response:
        return json.load(response)


class Receiver(BaseHTTPRequestHandler):
    """A webhook endpoint that stores what it receives."""

    received = []
    has_received = threading.Event()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()
        self.has_received.set()

    def log_message(self, *_):
        pass


def main():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = client.v1.webhook_endpoints.create(
        {
            "url": f"http://127.0.0.1:{server.server_port}/",
            "enabled_events": ["checkout.session.completed"],
        }
    )
    product = client.v1.products.create({"name": "Solo"})
    price = client.v1.prices.create({"product": product.id, "unit_amount": 1250, "currency": "jpy"})
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price": price.id, "quantity": 2}],
            "success_url": "https://shop.example/thanks",
        }
    )
    control("pay", session=session.id, email="jenny@shop.example", name="Jenny", method="bank_debit")
    retrieved = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert retrieved.payment_status == "unpaid", retrieved
    assert retrieved.payment_intent.status == "processing", retrieved.payment_intent
    control("settle", payment=retrieved.payment_intent.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"

    assert Receiver.has_received.wait(10), "no event was delivered"
    body, signature = Receiver.received[0]
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.type == "checkout.session.completed"
    assert event.data.object.id == session.id
    try:
        stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)
    except stripe.SignatureVerificationError:
        pass
    else:
        raise AssertionError("a changed body was accepted")
    client.v1.webhook_endpoints.delete(endpoint.id)

    # The signatures that our tests send are accepted by this package as well.
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "../../data/stripe-signatures.json"), encoding="utf-8") as file:
        for case in json.load(file)["cases"]:
            payload, header, secret = case["payload"].encode(), case["header"], case["secret"]
            assert stripe.WebhookSignature.verify_header(payload.decode(), header, secret, None), case


main()
print("PyPI: purchase, webhook and signatures passed")

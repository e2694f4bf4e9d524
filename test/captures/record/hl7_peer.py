"""python-hl7 as both sides: hl7_peer.py serve PORT CODE | send PEER PORT FILE… | repeat PEER PORT COUNT SECONDS FILE…

CODE `none` never answers. `{N}` in a message is its number on the connection.
"""
import asyncio
import sys
import time
from pathlib import Path

import hl7
from hl7.client import MLLPClient
from hl7.mllp import start_hl7_server


async def serve(port, code):
    async def session(reader, writer):
        try:
            while not writer.is_closing():
                message = await reader.readmessage()
                if code == "none":
                    continue
                writer.writemessage(message.create_ack(code))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await start_hl7_server(session, port=port, encoding="utf-8") as server:
        await server.serve_forever()


def send(peer, port, files, count=1, pause=0.0):
    with MLLPClient(peer, port) as client:
        client.socket.settimeout(3)
        for number, name in enumerate(files * count):
            text = Path(name).read_text().strip().replace("\n", "\r").replace("{N}", f"{number:04d}")
            try:
                client.send_message(hl7.parse(text))
            except TimeoutError:
                print("no answer")
            time.sleep(pause)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "serve":
        asyncio.run(serve(int(rest[0]), rest[1]))
    elif command == "repeat":
        send(rest[0], int(rest[1]), rest[4:], int(rest[2]), float(rest[3]))
    else:
        send(rest[0], int(rest[1]), rest[2:])

"""What no proper implementation sends: raw_mllp.py serve PORT [commit] | send PEER PORT VARIANT FILE…"""
import socket
import sys
import time
from pathlib import Path

VT, FS, CR = b"\x0b", b"\x1c", b"\x0d"


def serve(port, commit):
    """Acknowledges every frame; with `commit` by the MLLP release 2 commit block, VT ACK FS CR."""
    listener = socket.create_server(("0.0.0.0", port))
    while True:
        connection, _ = listener.accept()
        pending = b""
        while piece := connection.recv(65536):
            pending += piece
            while FS in pending:
                frame, _, pending = pending.partition(FS)
                if commit:
                    connection.sendall(VT + b"\x06" + FS + CR)
                    continue
                control = frame.split(b"|", 10)[9]
                connection.sendall(VT + b"MSH|^~\\&|RAW|GENHOSP|HIS|GENHOSP|20250311100000||ACK|R" + control + b"|P|2.5\rMSA|AA|" + control + CR + FS + CR)
        connection.close()


def frames(variant, files):
    bodies = [Path(name).read_text().strip().encode() for name in files]
    if variant == "lf":
        return [VT + body + b"\n" + FS + CR for body in bodies]
    if variant == "crlf":
        return [VT + body.replace(b"\n", b"\r\n") + b"\r\n" + FS + CR for body in bodies]
    plain = [body.replace(b"\n", CR) + CR for body in bodies]
    if variant == "no-trailing-cr":
        return [VT + body[:-1] + FS + CR for body in plain]
    if variant == "no-cr-after-fs":
        return [VT + body + FS for body in plain]
    if variant == "junk-between":
        return [b"\r\n\x00junk" + VT + body + FS + CR for body in plain]
    if variant == "one-segment":
        return [b"".join(VT + body + FS + CR for body in plain)]
    if variant == "dribble":
        return [whole[at:at + 7] for body in plain for whole in [VT + body + FS + CR] for at in range(0, len(whole), 7)]
    return [VT + body + FS + CR for body in plain]


def send(peer, port, variant, files):
    connection = socket.create_connection((peer, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(0.3)
    for frame in frames(variant, files):
        connection.sendall(frame)
        if variant == "dribble":
            time.sleep(0.002)
            continue
        try:
            connection.recv(65536)
        except TimeoutError:
            print("no answer")
    time.sleep(0.3)
    connection.close()


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "serve":
        serve(int(rest[0]), "commit" in rest)
    else:
        send(rest[0], int(rest[1]), rest[2], rest[3:])

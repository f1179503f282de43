"""A way to a server that can lose its answers: cut.py PORT SERVER_PORT FOLDER

While FOLDER/word exists, the first packet of a client that contains that file's text is passed on, the server's answer to it is read and
thrown away, and both connections end. Then the file is gone."""
import os, socket, sys, threading

port, target, word = int(sys.argv[1]), int(sys.argv[2]), os.path.join(sys.argv[3], "word")


def serve(client):
    server = socket.create_connection(("127.0.0.1", target))
    lost = threading.Event()

    def back():
        try:
            while data := server.recv(65536):
                if lost.is_set():
                    break
                client.sendall(data)
        except OSError:
            pass
        for end in (client, server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    threading.Thread(target=back, daemon=True).start()
    try:
        while data := client.recv(65536):
            try:
                with open(word, "rb") as file:
                    wanted = file.read()
                if wanted and wanted in data:
                    os.unlink(word)
                    lost.set()
            except OSError:
                pass
            server.sendall(data)
    except OSError:
        pass
    # What was sent is still carried out; the answer is waited for by the other thread.
    if not lost.is_set():
        try:
            server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.create_server(("127.0.0.1", port), backlog=64)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()

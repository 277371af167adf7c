"""A pyzmq ROUTER that echoes. Usage: router.py ENDPOINT HEARTBEAT_MILLISECONDS. Prints the bound endpoint."""
import sys
import zmq

router = zmq.Context().socket(zmq.ROUTER)
heartbeat = int(sys.argv[2])
if heartbeat:
    router.setsockopt(zmq.HEARTBEAT_IVL, heartbeat)
    router.setsockopt(zmq.HEARTBEAT_TIMEOUT, 5 * heartbeat)
router.bind(sys.argv[1])
print(router.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
while True:
    frames = router.recv_multipart()
    assert len(frames) == 3 and frames[1] == b"", frames
    router.send_multipart(frames)

"""Have the workers of a master with transport tcp listen two seconds later."""

import importlib.abc
import importlib.util
import sys
import time


class Late(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "salt.transport.tcp":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def load_late(module):
            load(module)
            listen = module.RequestServer.post_fork

            def listen_late(server, *args, **kwargs):
                if server.opts.get("pool_name"):
                    time.sleep(2)
                listen(server, *args, **kwargs)

            module.RequestServer.post_fork = listen_late

        spec.loader.exec_module = load_late
        return spec


sys.meta_path.insert(0, Late())

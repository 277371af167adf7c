import io

import salt.utils.yaml


def load(text):
    try:
        return canon(salt.utils.yaml.safe_load(io.StringIO(text, newline="")))
    except salt.utils.yaml.YAMLError:
        return "error"
    except Exception:
        return "crash"


json.dump([load(text) for text in json.load(sys.stdin)], sys.stdout)

"""HTTPS requests with urllib and the default context: one for each line "NAME PORT" of the input, and a line of output for
each. The argument is the file of roots."""
import ssl
import sys
from urllib.request import urlopen

for line in sys.stdin:
    try:
        context = ssl.create_default_context(cafile=sys.argv[1])
        with urlopen("https://%s:%s/" % tuple(line.split()), context=context, timeout=10) as r:
            said = "HTTP/1.1 %d" % r.getcode()
    except Exception as e:
        said = "%s: %s" % (type(e).__name__, e)
    print(" ".join(said.split()), flush=True)

"""Makes a container of a storage account of Azure's emulator.

python3 container.py ENDPOINT ACCOUNT KEY CONTAINER
"""

import base64
import email.utils
import hashlib
import hmac
import sys
import urllib.request

endpoint, account, key, container = sys.argv[1:]
date = email.utils.formatdate(usegmt=True)
headers = f"x-ms-date:{date}\nx-ms-version:2021-12-02\n"
# The emulator has the account in the path, so that it is there twice.
resource = f"/{account}/{account}/{container}\nrestype:container"
signed = "PUT" + "\n" * 12 + headers + resource
signature = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
request = urllib.request.Request(f"{endpoint}/{container}?restype=container", method="PUT")
request.add_header("x-ms-date", date)
request.add_header("x-ms-version", "2021-12-02")
request.add_header("Authorization", f"SharedKey {account}:{base64.b64encode(signature).decode()}")
assert urllib.request.urlopen(request).status == 201

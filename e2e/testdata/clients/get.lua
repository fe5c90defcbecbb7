-- One HTTPS request with LuaSec, told to verify the chain; it checks no names. Arguments: name, port, roots.
local https, ltn12 = require("ssl.https"), require("ltn12")
https.TIMEOUT = 10
local ok, code = https.request{
  url = "https://" .. arg[1] .. ":" .. arg[2] .. "/", verify = "peer", cafile = arg[3], sink = ltn12.sink.null(),
}
if not ok then print(code) os.exit(1) end
print("HTTP/1.1 " .. tostring(code))

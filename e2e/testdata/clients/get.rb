# HTTPS requests with Net::HTTP: one for each line "NAME PORT" of the input, and a line of output for each. The argument is
# the file of roots.
require "net/http"
$stdout.sync = true
$stdin.each_line do |line|
  name, port = line.split
  begin
    http = Net::HTTP.new(name, port.to_i)
    http.use_ssl = true
    http.ca_file = ARGV[0]
    http.open_timeout = http.read_timeout = 10
    http.max_retries = 0
    said = "HTTP/1.1 #{http.get("/").code}"
  rescue StandardError => e
    said = "#{e.class}: #{e.message}"
  end
  puts said.split.join(" ")
end

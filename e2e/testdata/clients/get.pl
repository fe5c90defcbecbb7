# HTTPS requests with LWP or HTTP::Tiny: one for each line "NAME PORT" of the input, and a line of output for each. The
# argument is the module; the roots come from the environment.
use strict;
use warnings;
$| = 1;
my $module = shift;
eval "require $module" or die $@;
while (<STDIN>) {
    my ($name, $port) = split;
    my $url = "https://$name:$port/";
    my $said;
    if ($module eq 'HTTP::Tiny') {
        my $r = HTTP::Tiny->new(verify_SSL => 1, timeout => 10)->get($url);
        $said = $r->{status} == 599 ? $r->{content} : "HTTP/1.1 $r->{status}";
    } else {
        my $r = LWP::UserAgent->new(timeout => 10)->get($url);
        my $own = ($r->header('Client-Warning') // '') eq 'Internal response';
        $said = $own ? $r->status_line . ' ' . $r->content : 'HTTP/1.1 ' . $r->code;
    }
    $said =~ s/\s+/ /g;
    print "$said\n";
}

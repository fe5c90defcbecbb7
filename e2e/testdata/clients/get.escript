#!/usr/bin/env escript
%% HTTPS requests with Erlang's httpc, told to verify: one for each line "NAME PORT" of the input, and a line of output for
%% each. The argument is the file of roots.
main([Roots]) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, _} = application:ensure_all_started(inets),
    logger:set_primary_config(level, none),
    loop(Roots).

loop(Roots) ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            [Name, Port] = string:lexemes(Line, " \n"),
            Match = public_key:pkix_verify_hostname_match_fun(https),
            Tls = [{verify, verify_peer}, {cacertfile, Roots}, {customize_hostname_check, [{match_fun, Match}]}],
            Said = case httpc:request(get, {"https://" ++ Name ++ ":" ++ Port ++ "/", []}, [{ssl, Tls}, {timeout, 10000}], []) of
                {ok, {{_, Status, _}, _, _}} -> io_lib:format("HTTP/1.1 ~p", [Status]);
                {error, Why} -> io_lib:format("~0p", [Why])
            end,
            io:format("~s~n", [re:replace(Said, "\\s+", " ", [global, {return, list}, unicode])]),
            loop(Roots)
    end.

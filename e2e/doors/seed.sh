# What the manual of Automation Config has its readers run, but for the URLs,
# the token and the last command.
    SERVER="SERVER_URL" && \
    API_TOKEN="<api-token>" && \
    BEARER_TOKEN=$(curl --silent 'CONSOLE_URL/csp/gateway/am/api/auth/api-tokens/authorize' \
    --header 'Content-Type: application/x-www-form-urlencoded' \
    --data-urlencode "api_token=$API_TOKEN" \
    | grep -o '"access_token":"[^"]*' | grep -o '[^"]*$') && \
    XSRFTOKEN=$(curl -s -I -X POST "$SERVER/account/login/" \
    --header "Authorization: Bearer $BEARER_TOKEN" \
    | awk '/X-XSRFTOKEN:|x-xsrftoken:/ {gsub("\r","",$2);print $2}') && \

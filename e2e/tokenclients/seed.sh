SERVER="https://ssc-gateway.mgmt.cloud.vmware.com" && \
API_TOKEN="<api-token>" && \
BEARER_TOKEN=$(curl --silent 'https://console.cloud.vmware.com/csp/gateway/am/api/auth/api-tokens/authorize' \
--header 'Content-Type: application/x-www-form-urlencoded' \
--data-urlencode "api_token=$API_TOKEN" \
| grep -o '"access_token":"[^"]*' | grep -o '[^"]*$') && \
XSRFTOKEN=$(curl -s -I -X POST "$SERVER/account/login/" \
--header "Authorization: Bearer $BEARER_TOKEN" \
| awk '/X-XSRFTOKEN:|x-xsrftoken:/ {gsub("\r","",$2);print $2}') && \
curl --location --request POST "$SERVER/rpc" \
--header 'Content-Type: application/json' \
--header "Authorization: Bearer $BEARER_TOKEN" \
--header "X-XSRFTOKEN: $XSRFTOKEN" \
--header "Cookie: _xsrf=$XSRFTOKEN; _xsrf=$XSRFTOKEN" \
--data '{
"resource": "job",
"method": "get_jobs",
"kwarg": {},
"args": []
}'

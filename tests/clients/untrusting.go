// Asks for a URL through a proxy with the system's roots, and prints what came of it.
package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
)

func main() {
	proxy, _ := url.Parse(os.Args[1])
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	if _, err := client.Get(os.Args[2]); err != nil {
		fmt.Println("refused")
		return
	}
	fmt.Println("read")
}

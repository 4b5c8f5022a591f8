/ip firewall address-list
remove [find list=blocked]
add address=198.51.100.0/24 list=blocked
add address=192.0.2.0/25 list=blocked
remove [find list=blocked address=198.51.100.0/24]
add address=203.0.113.7 list=blocked; add address=203.0.113.8 list=friends
disable [find where list=friends]
/ipv6 firewall address-list
add address=2001:db8:1::/48 list=blocked

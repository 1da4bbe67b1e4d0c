// Asks for a URL through a proxy with Java's own trust store, and prints what came of it.
import java.net.*;
import javax.net.ssl.SSLException;

public class Untrusting {
    public static void main(String[] words) throws Exception {
        URL proxy = new URL(words[0]);
        InetSocketAddress address = new InetSocketAddress(proxy.getHost(), proxy.getPort());
        URLConnection connection = new URL(words[1]).openConnection(new Proxy(Proxy.Type.HTTP, address));
        try {
            connection.getInputStream();
            System.out.println("read");
        } catch (SSLException refused) {
            System.out.println("refused");
        }
    }
}
